import pytest

from ballast.node.errors import NodeError
from ballast.node.hostroot import CNI_PLUGINS, REQUIRED, HostRoot


@pytest.fixture
def host(tmp_path):
    tree = tmp_path / "tree"
    for folder in ("usr/bin", "usr/lib/cni", "usr/lib/x86_64-linux-gnu/xtables"):
        (tree / folder).mkdir(parents=True)
    for name in (*REQUIRED, "xtables-nft-multi", "xtables-legacy-multi"):
        (tree / "usr/bin" / name).touch()
    for name in CNI_PLUGINS:
        (tree / "usr/lib/cni" / name).touch()
    for name in ("libmnl.so.0", "libc.so.6", "ld-linux-x86-64.so.2", "libcap.so.2"):
        (tree / "usr/lib/x86_64-linux-gnu" / name).touch()
    return HostRoot(tree, tmp_path / "tools")


def test_the_machines_own_libc_is_used(host):
    host.prepare()
    linked = {path.name for path in (host.tools / "lib").iterdir()}
    assert linked == {"libmnl.so.0", "libcap.so.2"}


def test_a_missing_program_is_named(host):
    (host.tree / "usr/bin/runc").unlink()
    with pytest.raises(NodeError, match="runc is not in"):
        host.prepare()


def test_a_missing_network_plugin_is_named(host):
    (host.tree / "usr/lib/cni/ptp").unlink()
    with pytest.raises(NodeError, match="plugin ptp"):
        host.prepare()


def test_preparing_again_leaves_no_stale_link(host):
    host.prepare()
    (host.tree / "usr/lib/x86_64-linux-gnu/libcap.so.2").unlink()
    host.prepare()
    assert {path.name for path in (host.tools / "lib").iterdir()} == {"libmnl.so.0"}


def test_nothing_of_the_callers_environment_leaks_in(host, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://outside")
    assert "HTTPS_PROXY" not in host.environment
    assert host.environment["XTABLES_LIBDIR"].endswith("xtables")

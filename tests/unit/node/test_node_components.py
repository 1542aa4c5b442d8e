import pytest

from ballast.node.components import BINARIES, components
from ballast.node.errors import NodeError
from ballast.node.hostroot import HostRoot
from ballast.node.layout import Layout


@pytest.fixture
def binaries(tmp_path):
    made = {name: tmp_path / "bin" / name for name in BINARIES}
    (tmp_path / "bin").mkdir()
    for path in made.values():
        path.touch()
    return made


@pytest.fixture
def host(tmp_path):
    folder = tmp_path / "tree/usr/bin"
    folder.mkdir(parents=True)
    (folder / "containerd").touch()
    return HostRoot(tmp_path / "tree", tmp_path / "tools")


@pytest.fixture
def flags(tmp_path, binaries, host):
    layout = Layout(tmp_path / "node")
    return {each.name: each.argv[1:] for each in components(binaries, host, layout)}


def test_every_component_is_there_once(flags):
    assert set(flags) == {*BINARIES, "containerd", "forwarder"}


def test_missing_binaries_are_all_named(tmp_path, binaries, host):
    binaries["etcd"].unlink()
    del binaries["netpol"]
    with pytest.raises(NodeError, match="etcd, netpol"):
        components(binaries, host, Layout(tmp_path))


def test_secrets_are_encrypted_and_kubelets_are_restricted(flags):
    api = flags["kube-apiserver"]
    assert any(each.startswith("--encryption-provider-config=") for each in api)
    assert "--enable-admission-plugins=NodeRestriction" in api
    assert "--authorization-mode=Node,RBAC" in api


def test_one_node_needs_no_leader_election(flags):
    assert "--leader-elect=false" in flags["kube-controller-manager"]
    assert "--leader-elect=false" in flags["kube-scheduler"]


def test_the_store_stops_last(tmp_path, binaries, host):
    found = components(binaries, host, Layout(tmp_path))
    assert [each.name for each in found if each.last] == ["etcd"]


def test_only_the_forwarder_sees_the_machines_network(tmp_path, binaries, host):
    found = components(binaries, host, Layout(tmp_path))
    assert [each.name for each in found if each.host_network] == ["forwarder"]


def test_kubelet_waits_for_the_runtime_and_the_api(tmp_path, binaries, host):
    found = {each.name: each.after for each in components(binaries, host, Layout(tmp_path))}
    assert found["kubelet"] == [
        "unix:/run/containerd/containerd.sock",
        "tcp:10.89.0.2:6443",
    ]

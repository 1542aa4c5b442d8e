import json
import tomllib

import pytest
import yaml

from ballast.node import configs
from ballast.node.hostroot import HostRoot
from ballast.node.layout import Layout


@pytest.fixture
def host(tmp_path):
    folder = tmp_path / "tree/usr/sbin"
    folder.mkdir(parents=True)
    (folder / "runc").touch()
    return HostRoot(tmp_path / "tree", tmp_path / "tools")


@pytest.fixture
def layout(tmp_path):
    made = Layout(tmp_path / "node")
    made.pki.mkdir(parents=True)
    (made.pki / "encryption.key").write_text("a2V5")
    return made


def test_every_file_is_written_and_parses(layout, host):
    configs.write_configs(layout, host)
    for path in layout.config.glob("*.yaml"):
        assert "kind" in yaml.safe_load(path.read_text())
    assert tomllib.loads((layout.config / "containerd.toml").read_text())["version"] == 2
    assert json.loads((layout.config / "cni/10-ballast.conflist").read_text())["plugins"]


def test_the_encryption_key_is_not_world_readable(layout, host):
    configs.write_configs(layout, host)
    assert (layout.config / "encryption.yaml").stat().st_mode & 0o077 == 0


def test_who_has_no_certificate_sees_probes_and_public_keys_only():
    paths = [each["path"] for each in configs.authentication()["anonymous"]["conditions"]]
    assert "/openid/v1/jwks" in paths
    assert not [path for path in paths if path.startswith("/api")]


def test_pods_live_below_the_nodes_own_cgroup(layout):
    assert configs.kubelet(layout)["cgroupRoot"] == f"/{layout.cgroup}"


def test_two_nodes_of_one_machine_have_different_cgroups(tmp_path):
    assert Layout(tmp_path / "a").cgroup != Layout(tmp_path / "b").cgroup


def test_runc_is_the_extracted_one(layout, host):
    document = tomllib.loads(configs.containerd(layout.config / "cni", host))
    runtime = document["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]["runc"]
    assert runtime["options"]["BinaryName"] == host.program("runc")


def test_the_connection_table_of_the_machine_is_left_alone(layout):
    assert configs.kube_proxy(layout)["conntrack"] == {"maxPerCore": 0, "min": 0}


def test_a_changed_folder_changes_the_fingerprint(layout, host, tmp_path):
    other = Layout(tmp_path / "other")
    assert configs.fingerprint(layout, host) != configs.fingerprint(other, host)
    assert configs.fingerprint(layout, host) == configs.fingerprint(layout, host)

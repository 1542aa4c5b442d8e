"""The provider's own configuration."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ballast.airgap.failures import RpcError
from ballast.airgap.settings import compare_settings, hide_credentials, read_settings
from ballast.airgap.values import UNKNOWN, secret


def kubeconfig(server: str) -> str:
    return yaml.safe_dump(
        {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k"}}],
            "clusters": [{"name": "k", "cluster": {"server": server}}],
        }
    )


A, B = kubeconfig("https://a:6443"), kubeconfig("https://b:6443")


def test_an_inline_kubeconfig_becomes_secret() -> None:
    assert hide_credentials({"kubeconfig": A}) == {"kubeconfig": secret(A)}


def test_a_path_and_a_secret_stay_as_they_are() -> None:
    for value in ("/etc/kubeconfig", secret(A)):
        assert hide_credentials({"kubeconfig": value}) == {"kubeconfig": value}


def test_flags_come_as_text() -> None:
    settings = read_settings({"enableSecretMutable": "true", "enableConfigMapMutable": "false"}, {})
    assert (settings.secret_mutable, settings.config_map_mutable) == (True, False)


def test_flags_come_from_the_environment_unless_given() -> None:
    environment = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
    assert read_settings({}, environment).patch_force
    assert not read_settings({"enablePatchForce": "false"}, environment).patch_force


def test_rendering_to_a_directory_is_refused() -> None:
    with pytest.raises(RpcError, match="renderYamlToDirectory"):
        read_settings({"renderYamlToDirectory": "out"}, {})


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        ({"kubeconfig": A}, {"kubeconfig": A}, ()),
        ({"kubeconfig": A}, {"kubeconfig": B}, ("kubeconfig",)),
        ({"kubeconfig": A}, {"kubeconfig": A + "# rotated\n"}, ()),
        ({"kubeconfig": A}, {"kubeconfig": UNKNOWN}, ("kubeconfig",)),
        (
            {"kubeconfig": A, "clusterIdentifier": "x"},
            {"kubeconfig": UNKNOWN, "clusterIdentifier": "x"},
            (),
        ),
        (
            {"kubeconfig": A, "clusterIdentifier": "x"},
            {"kubeconfig": A, "clusterIdentifier": "y"},
            ("clusterIdentifier",),
        ),
        ({"kubeconfig": A}, {"kubeconfig": A, "namespace": "n"}, ()),
    ],
)
def test_only_another_cluster_replaces_the_provider(old: Any, new: Any, replaces: Any) -> None:
    assert compare_settings(old, new).replaces == replaces


def test_a_kubeconfig_path_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(A)
    assert read_settings({"kubeconfig": str(path)}, {}).endpoint().server == "https://a:6443"

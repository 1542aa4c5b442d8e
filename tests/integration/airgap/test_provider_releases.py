"""Helm releases over gRPC, with the real helm against a real API server."""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from apiserver import ApiServer
from provider_process import Provider, init_failure, started

from ballast.airgap.values import SIGNATURE, UNKNOWN, decode, plain, secret
from ballast.kubeapi import KubeApi

RELEASE = "kubernetes:helm.sh/v3:Release"
PROJECT = Path(__file__).parent / "project"


@pytest.fixture(scope="module")
def helm_provider(
    control_plane: ApiServer, helm_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Provider]:
    """A provider that starts where a program would be, with the cluster given as text."""
    home = tmp_path_factory.mktemp("helm-home")
    folder = PROJECT / "platform"
    with started(folder, BALLAST_HELM=str(helm_binary), HOME=str(home)) as provider:
        provider.configure(kubeconfig=control_plane.kubeconfig.read_text())
        yield provider
    assert not list(home.iterdir())  # nothing of the user's helm configuration is touched


def release(namespace: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "web",
        "namespace": namespace,
        "chart": "../chart",
        "values": {"token": secret("opensesame")},
        "timeout": 60,
        **more,
    }


def installed(provider: Provider, namespace: str, **more: Any) -> tuple[str, Any, Any]:
    inputs = provider.checked(RELEASE, release(namespace, **more))
    identifier, state = provider.create(RELEASE, inputs)
    return identifier, inputs, state


def token(api: KubeApi, namespace: str) -> object:
    found = api.get("v1", "ConfigMap", "web", namespace)
    return found["data"]["token"] if found else None


def test_a_chart_is_installed_with_secret_values(
    helm_provider: Provider, namespace: str, api: KubeApi
) -> None:
    identifier, _, state = installed(helm_provider, namespace)
    assert identifier == f"{namespace}/web"
    assert token(api, namespace) == "opensesame"
    assert state["status"]["status"] == "deployed"
    assert state["resourceNames"]["ConfigMap/v1"] == [f"{namespace}/web"]
    assert SIGNATURE in state["values"]["token"]
    assert json.dumps(state).count("opensesame") == 1


def test_the_same_inputs_and_chart_are_no_difference(
    helm_provider: Provider, namespace: str
) -> None:
    identifier, inputs, state = installed(helm_provider, namespace)
    assert helm_provider.diff(RELEASE, identifier, inputs, inputs, state).changes == 1


def test_new_values_upgrade_the_release(
    helm_provider: Provider, namespace: str, api: KubeApi
) -> None:
    identifier, inputs, state = installed(helm_provider, namespace)
    changed = {**inputs, "values": {"token": "second"}}
    assert helm_provider.diff(RELEASE, identifier, inputs, changed, state).changes == 2
    state = helm_provider.update(RELEASE, identifier, state, changed)
    assert state["status"]["revision"] == 2
    assert token(api, namespace) == "second"


def test_a_preview_installs_nothing(helm_provider: Provider, namespace: str, api: KubeApi) -> None:
    inputs = helm_provider.checked(RELEASE, release(namespace))
    _, state = helm_provider.create(RELEASE, inputs, preview=True)
    assert state["status"] == UNKNOWN
    assert token(api, namespace) is None


def test_check_refuses_charts_from_the_network(helm_provider: Provider, namespace: str) -> None:
    inputs = release(namespace, chart="redis", repositoryOpts={"repo": "https://charts.invalid"})
    failure = helm_provider.check(RELEASE, inputs).failures[0]
    assert failure.property == "chart"
    assert "local charts only" in failure.reason


def test_an_interrupted_upgrade_is_taken_up(
    helm_provider: Provider, namespace: str, api: KubeApi
) -> None:
    identifier, inputs, state = installed(helm_provider, namespace)
    _pretend_a_run_was_killed(api, namespace)
    changed = {**inputs, "values": {"token": "third"}}
    state = helm_provider.update(RELEASE, identifier, state, changed)
    assert state["status"]["status"] == "deployed"
    assert token(api, namespace) == "third"


def test_a_release_that_never_starts_is_kept_with_reasons(
    helm_provider: Provider, namespace: str
) -> None:
    values = {"replicas": 1}
    inputs = helm_provider.checked(RELEASE, release(namespace, values=values, timeout=3))
    with pytest.raises(grpc.RpcError) as caught:
        helm_provider.create(RELEASE, inputs, timeout=0)
    detail = init_failure(caught.value)
    assert detail.id == f"{namespace}/web"
    assert any("0 of 1 replicas" in reason for reason in detail.reasons)
    assert decode(detail.properties)["status"]["status"] == "failed"


def test_refresh_shows_values_changed_by_hand(helm_provider: Provider, namespace: str) -> None:
    identifier, inputs, state = installed(helm_provider, namespace)
    same = helm_provider.read(RELEASE, identifier, inputs, state)
    assert plain(decode(same.inputs)) == plain(inputs)
    helm_provider.update(RELEASE, identifier, state, {**inputs, "values": {"token": "by hand"}})
    moved = helm_provider.read(RELEASE, identifier, inputs, state)
    assert plain(decode(moved.inputs))["values"] == {"token": "by hand"}


def test_delete_uninstalls_and_may_be_repeated(
    helm_provider: Provider, namespace: str, api: KubeApi
) -> None:
    identifier, inputs, state = installed(helm_provider, namespace)
    for _ in range(2):
        helm_provider.delete(RELEASE, identifier, state, inputs, 20)
    assert token(api, namespace) is None
    assert helm_provider.read(RELEASE, identifier, inputs, state).id == ""


def test_a_chart_is_rendered_for_a_program(helm_provider: Provider) -> None:
    options = {"path": "../chart", "release_name": "shown", "values": {"token": "x"}}
    result = helm_provider.invoke("kubernetes:helm:template", {"jsonOpts": json.dumps(options)})
    assert [obj["metadata"]["name"] for obj in result["result"]] == ["shown", "shown"]


def _pretend_a_run_was_killed(api: KubeApi, namespace: str) -> None:
    """A second record, still pending: what helm leaves when it is killed in an upgrade."""
    newest = api.list("v1", "Secret", namespace, label_selector="owner=helm,name=web")[0]
    document = json.loads(
        gzip.decompress(base64.b64decode(base64.b64decode(newest["data"]["release"])))
    )
    document["version"] = 2
    document["info"]["status"] = "pending-upgrade"
    packed = base64.b64encode(gzip.compress(json.dumps(document).encode()))
    labels = {**newest["metadata"]["labels"], "version": "2", "status": "pending-upgrade"}
    api.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "helm.sh/release.v1",
            "metadata": {
                "name": "sh.helm.release.v1.web.v2",
                "namespace": namespace,
                "labels": labels,
            },
            "data": {"release": base64.b64encode(packed).decode()},
        }
    )

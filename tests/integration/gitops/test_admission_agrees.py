"""The API server's own CEL, given our policies, decides on fixtures as `ballast.policy` does."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from apiserver import ApiServer

from ballast.kubeapi import KubeApi, KubeApiError
from ballast.policy.cel import evaluate

from .conftest import ROOT, Object, documents, namespace_of

POLICIES = sorted((ROOT / "policies" / "admission").glob("*.yaml"))
FIXTURES = sorted((ROOT / "tests" / "unit" / "policies" / "fixtures").glob("*/*.yaml"))
NAMESPACE = "admission-agrees"
GROUP = "admissionregistration.k8s.io/v1"


def native(policy: Object) -> list[Object]:
    """A ValidatingPolicy as the API server's own kinds: the same words, another envelope."""
    name, spec = policy["metadata"]["name"], policy["spec"]
    parts = {key: spec[key] for key in ("matchConstraints", "variables", "validations")}
    return [
        {
            "apiVersion": GROUP,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {"failurePolicy": "Fail", **parts},
        },
        {
            "apiVersion": GROUP,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        },
    ]


def refusal(api: KubeApi, obj: Object, namespace: str = NAMESPACE) -> str:
    """What admission says to an object, empty when it is taken; nothing is stored."""
    labelled = {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}
    path = api.path(obj["apiVersion"], obj["kind"], None, namespace)
    for template in _templates(labelled):
        template.setdefault("restartPolicy", "Never" if "batch" in obj["apiVersion"] else "Always")
    try:
        api.request("POST", path, labelled, dryRun="All")
    except KubeApiError as error:
        return str(error)
    return ""


def _templates(obj: Object) -> Iterator[Object]:
    kind, spec = obj["kind"], obj["spec"]
    if kind == "CronJob":
        yield spec["jobTemplate"]["spec"]["template"]["spec"]
    elif kind != "Pod":
        yield spec["template"]["spec"]


@pytest.fixture(scope="module")
def enforced(control_plane: ApiServer) -> Iterator[dict[str, bool]]:
    """Whether the policies are known to be in force yet."""
    yield {}
    # Other tests share the server, and their pods state no limits.
    with KubeApi.from_kubeconfig(control_plane.kubeconfig) as api:
        for path in POLICIES:
            [policy] = documents(path)
            for obj in native(policy):
                api.delete(obj["apiVersion"], obj["kind"], obj["metadata"]["name"])


@pytest.fixture
def admitting(api: KubeApi, enforced: dict[str, bool]) -> KubeApi:
    if enforced:
        return api
    for name, labels in ((NAMESPACE, {"ballast.dev/environment": "test"}), ("elsewhere", {})):
        api.apply(namespace_of(name, labels), "tests")
        api.wait("v1", "ServiceAccount", "default", name, lambda _: True, 120)
    for path in POLICIES:
        [policy] = documents(path)
        for obj in native(policy):
            api.apply(obj, "tests")
    bad = [path for path in FIXTURES if path.stem in {"no-resources", "no-security-context"}]
    end = time.monotonic() + 120
    while not all(refusal(api, documents(path)[0]) for path in bad):
        assert time.monotonic() < end, "the API server does not enforce the policies"
        time.sleep(0.2)
    enforced["yes"] = True
    return api


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_api_server_and_our_evaluator_agree(path: Path, admitting: KubeApi) -> None:
    obj = yaml.safe_load(path.read_text())
    expected = [message for policy in POLICIES for message in evaluate(policy, obj)]

    said = refusal(admitting, obj)

    assert bool(said) == bool(expected), said
    # It stops at the first message of a policy: one of ours, or its own for what it never takes.
    ours = any(message in " ".join(said.split()) for message in expected)
    assert not said or ours or "is invalid" in said


def test_a_namespace_that_is_no_environment_is_left_alone(admitting: KubeApi) -> None:
    [path] = [path for path in FIXTURES if path.stem == "no-resources"]

    assert refusal(admitting, documents(path)[0], "elsewhere") == ""

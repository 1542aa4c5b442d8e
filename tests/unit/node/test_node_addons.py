import pytest

from ballast.node import addons

ALL = (addons.ACCESS, *addons.SYSTEM)
DEPLOYMENTS = [
    obj for name in addons.SYSTEM for obj in addons.manifests(name) if obj["kind"] == "Deployment"
]


@pytest.mark.parametrize("name", ALL)
def test_every_object_of_a_manifest_can_be_applied(name):
    for obj in addons.manifests(name):
        assert obj["apiVersion"]
        assert obj["kind"]
        assert obj["metadata"]["name"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: each["metadata"]["name"])
def test_every_add_on_is_limited_and_not_root(deployment):
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in pod["containers"]:
        assert "memory" in container["resources"]["limits"]
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["imagePullPolicy"] == "IfNotPresent"


def test_every_deployment_is_waited_for():
    found = {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in DEPLOYMENTS}
    assert found == set(addons.DEPLOYMENTS)


def test_names_are_kept_five_seconds_at_most():
    corefile = next(
        obj["data"]["Corefile"] for obj in addons.manifests("coredns") if obj["kind"] == "ConfigMap"
    )
    assert "ttl 5" in corefile
    assert "cache 5" in corefile


def deployment(generation: int, observed: int, updated: int, available: int):
    return {
        "metadata": {"generation": generation},
        "spec": {"replicas": 1},
        "status": {
            "observedGeneration": observed,
            "updatedReplicas": updated,
            "availableReplicas": available,
        },
    }


def test_a_rollout_is_available_when_its_current_generation_is():
    assert addons.available(deployment(2, 2, 1, 1))


def test_replicas_of_an_older_generation_do_not_count():
    assert not addons.available(deployment(2, 1, 1, 1))
    assert not addons.available(deployment(2, 2, 0, 1))

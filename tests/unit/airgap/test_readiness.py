"""When objects of each kind are ready; shapes as a real API server shows them."""

from typing import Any

import pytest

from ballast.airgap.readiness import assess


class Cluster:
    """Answers from two dictionaries instead of a server."""

    def __init__(self, objects: dict[str, Any] | None = None, lists: Any = None) -> None:
        self.objects, self.lists = objects or {}, lists or {}

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Any:
        return self.objects.get(name)

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> Any:
        return self.lists.get(kind, [])


def obj(api: str, kind: str, spec: Any = None, status: Any = None, **metadata: Any) -> Any:
    about = {"name": "it", "namespace": "ns", "generation": 2, **metadata}
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": about,
        "spec": spec or {},
        "status": status or {},
    }


ROLLED = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
TRUE = "True"


def condition(kind: str, status: str = TRUE, **more: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status, **more}]}


@pytest.mark.parametrize(
    ("live", "ready"),
    [
        (obj("apps/v1", "Deployment", {"replicas": 2}, ROLLED), True),
        (obj("apps/v1", "Deployment", {"replicas": 2}, {**ROLLED, "observedGeneration": 1}), False),
        (obj("apps/v1", "Deployment", {"replicas": 2}, {**ROLLED, "availableReplicas": 1}), False),
        (obj("apps/v1", "Deployment", {"replicas": 2}, {**ROLLED, "replicas": 3}), False),
        (obj("apps/v1", "Deployment", {"replicas": 0}, {"observedGeneration": 2}), True),
        (
            obj(
                "apps/v1",
                "StatefulSet",
                {"replicas": 1},
                {"observedGeneration": 2, "readyReplicas": 1, "updatedReplicas": 1},
            ),
            True,
        ),
        (
            obj(
                "apps/v1",
                "StatefulSet",
                {"replicas": 1},
                {"observedGeneration": 2, "readyReplicas": 1},
            ),
            False,
        ),
        (
            obj(
                "apps/v1",
                "StatefulSet",
                {"replicas": 1, "updateStrategy": {"type": "OnDelete"}},
                {"observedGeneration": 2, "readyReplicas": 1},
            ),
            True,
        ),
        (
            obj(
                "apps/v1",
                "DaemonSet",
                {},
                {
                    "observedGeneration": 2,
                    "desiredNumberScheduled": 1,
                    "updatedNumberScheduled": 1,
                    "numberAvailable": 1,
                },
            ),
            True,
        ),
        (
            obj("apps/v1", "DaemonSet", {}, {"observedGeneration": 2, "desiredNumberScheduled": 1}),
            False,
        ),
        (obj("batch/v1", "Job", {}, condition("Complete")), True),
        (obj("batch/v1", "Job", {}, {"active": 1}), False),
        (obj("batch/v1", "Job", {"suspend": True}), True),
        (obj("v1", "Pod", {}, condition("Ready")), True),
        (obj("v1", "Pod", {}, {"phase": "Pending"}), False),
        (obj("v1", "Pod", {}, {"phase": "Succeeded"}), True),
        (obj("v1", "Namespace", {}, {"phase": "Active"}), True),
        (obj("v1", "Namespace", {}, {"phase": "Terminating"}), False),
        (obj(*CRD, {}, condition("Established")), True),
        (obj(*CRD, {}, condition("Established", "False")), False),
        (obj("v1", "Service", {"type": "ExternalName"}), True),
        (obj("v1", "Service", {"clusterIP": "None", "selector": {"a": "b"}}), True),
        (obj("v1", "Service", {"clusterIP": "10.96.0.9"}), True),
        (obj("v1", "Service", {"type": "LoadBalancer"}), False),
        (
            obj(
                "v1",
                "Service",
                {"type": "LoadBalancer"},
                {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]}},
            ),
            True,
        ),
        (obj("v1", "PersistentVolumeClaim", {}, {"phase": "Bound"}), True),
        (obj("v1", "PersistentVolumeClaim", {}, {"phase": "Pending"}), False),
        (obj("apiregistration.k8s.io/v1", "APIService", {}, condition("Available")), True),
        (obj("v1", "ConfigMap"), True),
        (obj("example.com/v1", "Deployment"), True),
    ],
)
def test_ready(live: Any, ready: bool) -> None:
    assert assess(live, Cluster()).ready is ready


@pytest.mark.parametrize(
    ("live", "why"),
    [
        (
            obj(
                "apps/v1",
                "Deployment",
                {},
                {
                    "observedGeneration": 2,
                    **condition(
                        "Progressing",
                        "False",
                        reason="ProgressDeadlineExceeded",
                        message="has timed out progressing",
                    ),
                },
            ),
            "timed out",
        ),
        (obj("batch/v1", "Job", {}, condition("Failed", message="BackoffLimit")), "BackoffLimit"),
        (obj("v1", "Pod", {}, {"phase": "Failed", "reason": "Evicted"}), "Evicted"),
        (obj("v1", "PersistentVolumeClaim", {}, {"phase": "Lost"}), "lost"),
        (obj(*CRD, {}, condition("NamesAccepted", "False", message="taken")), "taken"),
    ],
)
def test_failures_end_the_wait(live: Any, why: str) -> None:
    verdict = assess(live, Cluster())
    assert verdict.failed
    assert why in verdict.reason


def test_a_claim_of_a_late_binding_class_does_not_wait_for_its_pod() -> None:
    claim = obj("v1", "PersistentVolumeClaim", {"storageClassName": "local"}, {"phase": "Pending"})
    late = Cluster({"local": {"volumeBindingMode": "WaitForFirstConsumer"}})
    assert assess(claim, late).ready


def test_a_service_waits_for_a_ready_endpoint() -> None:
    service = obj("v1", "Service", {"selector": {"app": "web"}, "clusterIP": "10.96.0.9"})
    asleep = {"EndpointSlice": [{"endpoints": [{"conditions": {"ready": False}}]}]}
    awake = {"EndpointSlice": [{"endpoints": [{"conditions": {"ready": True}}]}]}
    assert not assess(service, Cluster(lists=asleep)).ready
    assert assess(service, Cluster(lists=awake)).ready


@pytest.mark.parametrize(
    ("asked", "status", "ready"),
    [
        ("condition=Ready", condition("Ready"), True),
        ("condition=Ready", condition("Ready", "False"), False),
        ("condition=Ready=False", condition("Ready", "False"), True),
        ("jsonpath={.status.phase}=Running", {"phase": "Running"}, True),
        ("jsonpath={.status.items[0].ok}=true", {"items": [{"ok": True}]}, True),
        ("jsonpath={.status.phase}", {}, False),
        ('["condition=Ready", "jsonpath={.status.phase}=Running"]', condition("Ready"), False),
    ],
)
def test_wait_for_annotation(asked: str, status: Any, ready: bool) -> None:
    live = obj("example.com/v1", "Widget", {}, status, annotations={"pulumi.com/waitFor": asked})
    assert assess(live, Cluster()).ready is ready


def test_an_expression_that_is_not_understood_is_refused() -> None:
    live = obj("v1", "ConfigMap", annotations={"pulumi.com/waitFor": "when it feels right"})
    with pytest.raises(Exception, match="does not understand"):
        assess(live, Cluster())

"""When an object of each kind counts as ready, judged from what the API server shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ballast.airgap.objects import WAIT_FOR, GroupKind, annotation, group_kind, metadata
from ballast.airgap.waitfor import parse_conditions
from ballast.kubeapi.shape import Json, mapping, mappings


@dataclass(frozen=True)
class Verdict:
    """Ready or not and why; `failed` means that waiting longer cannot help."""

    ready: bool
    reason: str = ""
    failed: bool = False


class Lookup(Protocol):
    """The two questions readiness may ask about other objects; KubeApi answers them."""

    def get(
        self, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> Json | None:
        """One object or None."""
        ...

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> list[Json]:
        """Objects of a kind."""
        ...


READY = Verdict(True)


def assess(obj: Json, lookup: Lookup) -> Verdict:
    """Judge one live object; kinds without a rule are ready as soon as they exist."""
    asked = annotation(obj, WAIT_FOR)
    if asked:
        missing = [item.text for item in parse_conditions(asked) if not item.holds(obj)]
        return Verdict(not missing, "waiting for " + ", ".join(missing) if missing else "")
    rule = _RULES.get(group_kind(obj))
    return rule(obj, lookup) if rule else READY


def conditions(obj: Json) -> dict[str, Json]:
    """Status conditions by type."""
    found = mappings(mapping(obj.get("status")).get("conditions"))
    return {str(item.get("type")): item for item in found}


def _is(obj: Json, condition: str, status: str = "True") -> bool:
    return conditions(obj).get(condition, {}).get("status") == status


def _parts(obj: Json) -> tuple[Json, Json]:
    return mapping(obj.get("spec")), mapping(obj.get("status"))


def _observed(obj: Json) -> bool:
    seen = mapping(obj.get("status")).get("observedGeneration") or 0
    return int(seen) >= int(metadata(obj).get("generation") or 0)


def _deployment(obj: Json, _: Lookup) -> Verdict:
    spec, status = _parts(obj)
    progress = conditions(obj).get("Progressing", {})
    if _observed(obj) and progress.get("reason") == "ProgressDeadlineExceeded":
        return Verdict(False, str(progress.get("message") or "progress deadline"), failed=True)
    wanted = int(spec.get("replicas", 1))
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    total = status.get("replicas", 0)
    done = _observed(obj) and updated >= wanted and available >= wanted and total <= updated
    return Verdict(done, f"{available} of {wanted} replicas available, {updated} updated")


def _replica_set(obj: Json, _: Lookup) -> Verdict:
    spec, status = _parts(obj)
    wanted, available = int(spec.get("replicas", 1)), status.get("availableReplicas", 0)
    done = _observed(obj) and available >= wanted
    return Verdict(done, f"{available} of {wanted} replicas available")


def _stateful_set(obj: Json, _: Lookup) -> Verdict:
    spec, status = _parts(obj)
    wanted, ready = int(spec.get("replicas", 1)), status.get("readyReplicas", 0)
    strategy = mapping(spec.get("updateStrategy"))
    kept = int(mapping(strategy.get("rollingUpdate")).get("partition") or 0)
    rolled = strategy.get("type") == "OnDelete" or status.get("updatedReplicas", 0) >= max(
        wanted - kept, 0
    )
    return Verdict(_observed(obj) and ready >= wanted and rolled, f"{ready} of {wanted} pods ready")


def _daemon_set(obj: Json, _: Lookup) -> Verdict:
    status = mapping(obj.get("status"))
    wanted, available = status.get("desiredNumberScheduled", 0), status.get("numberAvailable", 0)
    done = _observed(obj) and status.get("updatedNumberScheduled", 0) >= wanted <= available
    return Verdict(done, f"{available} of {wanted} pods available")


def _job(obj: Json, _: Lookup) -> Verdict:
    spec, status = _parts(obj)
    failure = conditions(obj).get("Failed", {})
    if failure.get("status") == "True":
        return Verdict(False, f"the job failed: {failure.get('message', '')}", failed=True)
    done = _is(obj, "Complete") or bool(spec.get("suspend"))
    counts = f"{status.get('succeeded', 0)} pods succeeded, {status.get('failed', 0)} failed"
    return Verdict(done, counts)


def _pod(obj: Json, _: Lookup) -> Verdict:
    status = mapping(obj.get("status"))
    phase = str(status.get("phase") or "unknown")
    if phase == "Failed":
        why = str(status.get("message") or status.get("reason") or "the pod failed")
        return Verdict(False, why, failed=True)
    return Verdict(phase == "Succeeded" or _is(obj, "Ready"), f"phase {phase}")


def _claim(obj: Json, lookup: Lookup) -> Verdict:
    spec, status = _parts(obj)
    phase = str(status.get("phase") or "unknown")
    if phase == "Bound":
        return READY
    if phase == "Lost":
        return Verdict(False, "the volume behind the claim is lost", failed=True)
    name = spec.get("storageClassName")
    storage = lookup.get("storage.k8s.io/v1", "StorageClass", str(name)) if name else None
    # Such a claim is bound by its first pod, which usually waits for this very resource.
    late = storage is not None and storage.get("volumeBindingMode") == "WaitForFirstConsumer"
    return Verdict(late, f"phase {phase}")


def _definition(obj: Json, _: Lookup) -> Verdict:
    names = conditions(obj).get("NamesAccepted", {})
    if names.get("status") == "False":
        return Verdict(False, str(names.get("message") or "names not accepted"), failed=True)
    return Verdict(_is(obj, "Established"), "not established yet")


def _namespace(obj: Json, _: Lookup) -> Verdict:
    phase = str(mapping(obj.get("status")).get("phase") or "unknown")
    return Verdict(phase == "Active", f"phase {phase}")


def _service(obj: Json, lookup: Lookup) -> Verdict:
    spec, status = _parts(obj)
    if spec.get("type") == "LoadBalancer":
        address = bool(mapping(status.get("loadBalancer")).get("ingress"))
        return Verdict(address, "no load balancer address yet")
    selector = mapping(spec.get("selector"))
    headless = spec.get("clusterIP") == "None"
    if spec.get("type") == "ExternalName" or not selector or headless:
        return READY  # a headless Service comes before the pods whose names it gives
    about = metadata(obj)
    slices = lookup.list(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        str(about.get("namespace")),
        label_selector=f"kubernetes.io/service-name={about.get('name')}",
    )
    served = any(
        mapping(endpoint.get("conditions")).get("ready")
        for item in slices
        for endpoint in mappings(item.get("endpoints"))
    )
    return Verdict(served, f"no ready pod behind the Service (selector {selector})")


def _api_service(obj: Json, _: Lookup) -> Verdict:
    said = conditions(obj).get("Available", {})
    return Verdict(said.get("status") == "True", str(said.get("message") or "not available yet"))


_RULES: dict[GroupKind, Callable[[Json, Lookup], Verdict]] = {
    GroupKind("apps", "Deployment"): _deployment,
    GroupKind("apps", "ReplicaSet"): _replica_set,
    GroupKind("apps", "StatefulSet"): _stateful_set,
    GroupKind("apps", "DaemonSet"): _daemon_set,
    GroupKind("batch", "Job"): _job,
    GroupKind("", "Pod"): _pod,
    GroupKind("", "PersistentVolumeClaim"): _claim,
    GroupKind("", "Namespace"): _namespace,
    GroupKind("", "Service"): _service,
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    GroupKind("apiregistration.k8s.io", "APIService"): _api_service,
}

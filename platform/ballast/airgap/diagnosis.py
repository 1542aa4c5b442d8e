"""Why a workload is not ready: events, container states and the last words of its pods."""

from ballast.airgap.objects import metadata
from ballast.airgap.readiness import conditions
from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json, mapping, mappings

_PODS = 4
_EVENTS = 6
_LOG_LINES = 8
_REASONS = 16
_HARMLESS = {"PodInitializing", "ContainerCreating", "Completed"}


def explain(api: KubeApi, obj: Json) -> list[str]:
    """Reasons a person can act on, most telling first; empty when the cluster shows none."""
    namespace = metadata(obj).get("namespace")
    if not namespace:
        return []
    try:
        reasons = _events(api, str(namespace), obj)
        for pod in _pods(api, str(namespace), obj)[:_PODS]:
            reasons += _pod(api, str(namespace), pod)
    except BallastError as error:
        return [f"(no further diagnosis: {error})"]
    return list(dict.fromkeys(reasons))[:_REASONS]


def _events(api: KubeApi, namespace: str, obj: Json) -> list[str]:
    about = f"involvedObject.uid={metadata(obj).get('uid')}"
    found = api.list("v1", "Event", namespace, field_selector=about)
    warnings = [event for event in found if event.get("type") == "Warning"]
    warnings.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    where = f"{obj.get('kind')} {metadata(obj).get('name')}"
    return [
        f"{where}: {event.get('reason')}: {event.get('message')} (x{event.get('count') or 1})"
        for event in reversed(warnings[-_EVENTS:])
    ]


def _pods(api: KubeApi, namespace: str, obj: Json) -> list[Json]:
    if obj.get("kind") == "Pod":
        return [obj]
    spec = mapping(obj.get("spec"))
    labels = mapping(mapping(spec.get("selector")).get("matchLabels"))
    if not labels:
        return []
    selector = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
    return api.list("v1", "Pod", namespace, label_selector=selector)


def _pod(api: KubeApi, namespace: str, pod: Json) -> list[str]:
    name, status = str(metadata(pod).get("name")), mapping(pod.get("status"))
    reasons: list[str] = []
    scheduled = conditions(pod).get("PodScheduled", {})
    if scheduled.get("status") == "False":
        reasons.append(f"Pod {name}: {scheduled.get('reason')}: {scheduled.get('message')}")
    containers = mappings(status.get("initContainerStatuses"))
    containers += mappings(status.get("containerStatuses"))
    for container in containers:
        reasons += _container(api, namespace, name, container)
    return reasons + _events(api, namespace, pod)


def _container(api: KubeApi, namespace: str, pod: str, container: Json) -> list[str]:
    state, name = mapping(container.get("state")), str(container.get("name"))
    trouble = mapping(state.get("waiting"))
    if not trouble and not container.get("ready"):
        trouble = mapping(state.get("terminated"))
    restarted = int(container.get("restartCount") or 0) > 0
    reasons: list[str] = []
    if trouble and trouble.get("reason") not in _HARMLESS:
        said = trouble.get("message") or f"exit code {trouble.get('exitCode')}"
        reasons.append(f"Pod {pod}, container {name}: {trouble.get('reason')}: {said}")
    if (restarted or state.get("terminated")) and not container.get("ready"):
        reasons += _last_words(api, namespace, pod, name, bool(state.get("waiting")))
    return reasons


def _last_words(
    api: KubeApi, namespace: str, pod: str, container: str, previous: bool
) -> list[str]:
    try:
        log = api.logs(namespace, pod, container, tail=_LOG_LINES, previous=previous)
    except BallastError as error:
        return [f"Pod {pod}, container {container}: its log cannot be read: {error}"]
    lines = [line for line in log.splitlines() if line.strip()]
    if not lines:
        return []
    return [f"Pod {pod}, container {container}, last log lines:\n    " + "\n    ".join(lines)]

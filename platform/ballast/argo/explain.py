"""Why an Application does not finish: what Argo CD, the pods and the events say."""

from ballast.kubeapi import KubeApi, KubeApiError
from ballast.kubeapi.shape import Json, mapping, mappings

LOG_LINES = 4
EVENTS = 4


def explain(api: KubeApi, application: Json | None) -> list[str]:
    """Lines for a person, most telling first; empty when there is nothing to add."""
    if application is None:
        return []
    spec, status = mapping(application.get("spec")), mapping(application.get("status"))
    namespace = str(mapping(spec.get("destination")).get("namespace") or "")
    result = mapping(mapping(status.get("operationState")).get("syncResult"))
    lines = [
        f"{resource.get('kind')}/{resource.get('name')}: {resource.get('message')}"
        for resource in mappings(result.get("resources"))
        if resource.get("status") == "SyncFailed"
        or resource.get("hookPhase") in {"Failed", "Error"}
    ]
    for pod in api.list("v1", "Pod", namespace) if namespace else []:
        lines += _pod(api, pod, namespace)
    return lines


def _pod(api: KubeApi, pod: Json, namespace: str) -> list[str]:
    name = str(mapping(pod.get("metadata")).get("name"))
    status = mapping(pod.get("status"))
    phase = str(status.get("phase") or "")
    if phase == "Succeeded":
        return []
    lines: list[str] = []
    for key in ("initContainerStatuses", "containerStatuses"):
        for container in mappings(status.get(key)):
            if reason := _container(container):
                lines.append(f"pod {name}, {container.get('name')}: {reason}")
                lines += _last_words(api, namespace, name, container)
    if lines or phase == "Pending":
        lines += _events(api, namespace, name)
    return lines


def _container(container: Json) -> str:
    state, last = mapping(container.get("state")), mapping(container.get("lastState"))
    waiting, ended = mapping(state.get("waiting")), mapping(state.get("terminated"))
    before = mapping(last.get("terminated"))
    if waiting and waiting.get("reason") not in {None, "PodInitializing", "ContainerCreating"}:
        said = f"{waiting.get('reason')}: {waiting.get('message') or ''}".rstrip(": ")
        return f"{said} (last exit code {before.get('exitCode')})" if before else said
    if ended and ended.get("exitCode") != 0:
        return f"ended with exit code {ended.get('exitCode')} ({ended.get('reason')})"
    if mapping(state.get("running")) and container.get("ready") is False:
        return f"runs but is not ready, {container.get('restartCount')} restarts"
    return ""


def _last_words(api: KubeApi, namespace: str, pod: str, container: Json) -> list[str]:
    name = str(container.get("name"))
    previous = "waiting" in mapping(container.get("state")) and container.get("restartCount") != 0
    try:
        log = api.logs(namespace, pod, name, LOG_LINES, previous=previous)
    except KubeApiError as error:
        return [f"  (no log: {error})"]
    return [f"  | {line}" for line in log.splitlines()[-LOG_LINES:]]


def _events(api: KubeApi, namespace: str, pod: str) -> list[str]:
    selector = f"involvedObject.name={pod},type=Warning"
    found = api.list("v1", "Event", namespace, field_selector=selector)
    found.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return [f"  ! {event.get('reason')}: {event.get('message')}" for event in found[-EVENTS:]]

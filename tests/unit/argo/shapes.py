"""Applications as Argo CD shows them, from the start of a sync to its end."""

from typing import Any

NEW = "b" * 40
OLD = "a" * 40

Application = dict[str, Any]


def application(
    *,
    at: str = NEW,
    sync: str = "Synced",
    phase: str = "Succeeded",
    operation_at: str = NEW,
    message: str = "successfully synced (all tasks run)",
    health: str = "Healthy",
    reconciled: str = "2026-01-01T00:00:10Z",
    finished: str = "2026-01-01T00:00:09Z",
    conditions: list[dict[str, str]] | None = None,
    running: bool = False,
    resources: list[dict[str, str]] | None = None,
    results: list[dict[str, str]] | None = None,
    name: str = "todo-dev",
) -> Application:
    status: Application = {
        "sync": {"status": sync, "revision": at},
        "health": {"status": health},
        "reconciledAt": reconciled,
        "operationState": {
            "phase": phase,
            "message": message,
            "finishedAt": finished,
            "syncResult": {"revision": operation_at, "resources": results or []},
        },
        "resources": resources or [],
    }
    if conditions:
        status["conditions"] = conditions
    return {
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"destination": {"namespace": "todo-app-dev"}},
        "status": status,
        **({"operation": {"sync": {"revision": operation_at}}} if running else {}),
    }


def deployment(
    *,
    wanted: int = 2,
    generation: int = 3,
    observed: int = 3,
    replicas: int = 2,
    updated: int = 2,
    available: int = 2,
) -> dict[str, Any]:
    return {
        "metadata": {"name": "task-service", "generation": generation},
        "spec": {"replicas": wanted},
        "status": {
            "observedGeneration": observed,
            "replicas": replicas,
            "updatedReplicas": updated,
            "availableReplicas": available,
        },
    }

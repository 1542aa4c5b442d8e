"""Waiting over a sequence of readings: times, progress, failures with their reasons."""

from collections.abc import Iterator
from typing import Any

import pytest

from ballast import argo
from ballast.argo import wait

from .shapes import NEW, OLD, application, deployment


class Cluster:
    """Shows one reading after the other; the last one stays."""

    def __init__(self, *readings: list[dict[str, Any]]) -> None:
        self.readings: Iterator[list[dict[str, Any]]] = iter(readings)
        self.shown: list[dict[str, Any]] = []
        self.deployment: dict[str, Any] | None = deployment()
        self.pods: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.patched: list[tuple[str, str]] = []

    def resource(self, _version: str, _kind: str) -> object:
        return object()

    def list(self, _version: str, kind: str, *_: object, **__: object) -> list[dict[str, Any]]:
        if kind == "Pod":
            return self.pods
        if kind == "Event":
            return self.events
        self.shown = next(self.readings, self.shown)
        return self.shown

    def get(self, _version: str, kind: str, *_: object) -> dict[str, Any] | None:
        return self.deployment if kind == "Deployment" else {}

    def patch(self, _version: str, kind: str, name: str, *_: object) -> None:
        self.patched.append((kind, name))

    def logs(self, *_: object, **__: object) -> str:
        return "first\nconnection refused\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "POLL_SECONDS", 0.0)


def wait_for(cluster: Cluster, apps: list[str], **options: Any) -> dict[str, float]:
    return argo.wait_synced(cluster, apps, NEW, **options)  # pyright: ignore[reportArgumentType]


def test_each_application_gets_its_own_time() -> None:
    staging = application(name="todo-staging")
    cluster = Cluster([application()], [application(), staging])

    took = wait_for(cluster, ["todo-dev", "todo-staging"])

    assert took.keys() == {"todo-dev", "todo-staging"}
    assert took["todo-dev"] <= took["todo-staging"]


def test_progress_tells_each_change_once() -> None:
    syncing = application(phase="Running", message="applying")
    said: list[str] = []

    wait_for(Cluster([], [syncing], [syncing], [application()]), ["todo-dev"], progress=said.append)

    assert said == [
        "todo-dev is not there yet",
        "todo-dev is syncing: applying",
        "todo-dev is Synced and Healthy",
    ]


def test_healthy_with_old_pods_left_is_not_finished() -> None:
    resources = [{"kind": "Deployment", "name": "task-service", "namespace": "todo-app-dev"}]
    cluster = Cluster([application(resources=resources)])
    cluster.deployment = deployment(replicas=3)

    with pytest.raises(argo.SyncError, match="Deployment task-service: old pods are still there"):
        wait_for(cluster, ["todo-dev"], timeout=0.0)


def test_a_failure_that_argo_cd_repairs_is_forgotten() -> None:
    failed = application(phase="Failed", sync="OutOfSync", message="webhook not ready")

    assert wait_for(Cluster([failed], [failed], [application()]), ["todo-dev"])


def test_a_failure_that_stays_ends_the_wait_with_its_resources() -> None:
    results = [
        {"kind": "Deployment", "name": "task-service", "status": "SyncFailed", "message": "denied"},
        {"kind": "Service", "name": "task-service", "status": "Synced", "message": "fine"},
    ]
    failed = application(phase="Failed", sync="OutOfSync", message="one failed", results=results)

    with pytest.raises(argo.SyncError) as caught:
        wait_for(Cluster([failed]), ["todo-dev"], settle=0.0)

    assert "todo-dev sync failed: one failed" in str(caught.value)
    assert "Deployment/task-service: denied" in str(caught.value)
    assert "fine" not in str(caught.value)


def test_running_out_of_time_shows_the_pods_with_log_and_events() -> None:
    cluster = Cluster([application(health="Progressing")])
    cluster.pods = [
        {
            "metadata": {"name": "task-service-1"},
            "status": {
                "phase": "Running",
                "containerStatuses": [
                    {
                        "name": "task-service",
                        "ready": False,
                        "restartCount": 2,
                        "state": {
                            "waiting": {"reason": "CrashLoopBackOff", "message": "backing off"}
                        },
                        "lastState": {"terminated": {"exitCode": 1}},
                    }
                ],
            },
        }
    ]
    cluster.events = [{"reason": "BackOff", "message": "restarting failed container"}]

    with pytest.raises(argo.SyncError) as caught:
        wait_for(cluster, ["todo-dev"], timeout=0.0)

    told = str(caught.value)
    assert "pod task-service-1, task-service: CrashLoopBackOff: backing off" in told
    assert "(last exit code 1)" in told
    assert "| connection refused" in told
    assert "! BackOff: restarting failed container" in told


def test_a_push_that_argo_cd_missed_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "NUDGE_SECONDS", 0.0)
    cluster = Cluster([application(at=OLD)], [application()])

    wait_for(cluster, ["todo-dev"])

    assert cluster.patched == [("Application", "todo-dev")]


def test_a_missing_application_is_asked_of_its_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "NUDGE_SECONDS", 0.0)
    cluster = Cluster([], [application()])

    wait_for(cluster, ["todo-dev"])

    assert cluster.patched == [("ApplicationSet", "environments")]


def test_what_is_hopeless_ends_the_wait_once_it_has_lasted() -> None:
    cluster = Cluster([application(health="Progressing")])

    with pytest.raises(argo.SyncError, match="has ended 2 times"):
        wait_for(cluster, ["todo-dev"], settle=0.01, hopeless=lambda: "pod a: has ended 2 times")


def test_an_application_that_is_through_is_not_held_up_by_what_is_hopeless() -> None:
    took = wait_for(Cluster([application()]), ["todo-dev"], hopeless=lambda: "pod a", settle=9.0)

    assert took.keys() == {"todo-dev"}

"""What a pod shows of its start."""

from cold_start import MARKS, seen


def pod(*conditions: str, app: dict[str, object], sidecar: dict[str, object]) -> dict[str, object]:
    return {
        "status": {
            "podIP": "10.0.0.1",
            "conditions": [{"type": each, "status": "True"} for each in conditions],
            "containerStatuses": [{"name": "task-service", **app}, {"name": "daprd", **sidecar}],
        }
    }


def test_a_new_pod_is_only_made() -> None:
    assert seen({}) == {"made"}


def test_a_running_app_has_not_answered_yet() -> None:
    found = seen(pod("PodScheduled", app={"state": {"running": {}}}, sidecar={"ready": False}))
    assert found == {"made", "scheduled", "sandbox", "app runs"}


def test_a_ready_pod_shows_every_mark() -> None:
    app = {"state": {"running": {}}, "started": True}
    assert seen(pod("PodScheduled", "Ready", app=app, sidecar={"ready": True})) == set(MARKS)

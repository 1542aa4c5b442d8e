"""Which new pods are not worth waiting for."""

from typing import Any

import pytest

from ballast.argo import Newcomers

COMMIT = 1_800_000_000.0  # 2027-01-15T08:00:00Z
BEFORE, AFTER = "2027-01-15T07:59:59Z", "2027-01-15T08:00:03Z"


def pod(
    container: dict[str, Any], made: str = AFTER, key: str = "containerStatuses"
) -> dict[str, Any]:
    return {
        "metadata": {"name": "api-gateway-1", "creationTimestamp": made},
        "status": {key: [{"name": "api-gateway", "ready": False, **container}]},
    }


class Cluster:
    def __init__(self, *pods: dict[str, Any]) -> None:
        self.pods = list(pods)

    def list(self, _version: str, _kind: str, _namespace: str) -> list[dict[str, Any]]:
        return self.pods


def said(*pods: dict[str, Any]) -> str:
    return Newcomers(Cluster(*pods), "todo-app-dev", COMMIT).hopeless()  # pyright: ignore[reportArgumentType]


def waiting(reason: str) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason, "message": "why"}}, "restartCount": 0}


def test_a_pod_that_ends_again_and_again_is_hopeless() -> None:
    assert said(pod({"restartCount": 2})) == "pod api-gateway-1, api-gateway: has ended 2 times"


def test_one_restart_may_be_the_wait_for_a_neighbour() -> None:
    assert not said(pod({"restartCount": 1}))


def test_a_pod_that_serves_after_its_restarts_is_not_hopeless() -> None:
    assert not said(pod({"restartCount": 4, "ready": True}))


@pytest.mark.parametrize("reason", ["ErrImageNeverPull", "ImagePullBackOff", "RunContainerError"])
@pytest.mark.parametrize("key", ["containerStatuses", "initContainerStatuses"])
def test_an_image_that_does_not_come_is_hopeless(reason: str, key: str) -> None:
    assert f"{reason}: why" in said(pod(waiting(reason), key=key))


def test_a_container_that_is_being_made_is_not_hopeless() -> None:
    assert not said(pod(waiting("ContainerCreating")))


def test_a_pod_from_before_the_commit_is_nobody_s_fault() -> None:
    assert not said(pod({"restartCount": 9}, made=BEFORE))


def step(phase: str) -> dict[str, Any]:
    owner = {"kind": "Job", "name": "task-service-migrate-1"}
    made = {"name": "m", "creationTimestamp": AFTER, "ownerReferences": [owner]}
    return {"metadata": made, "status": {"phase": phase}}


def test_a_job_whose_pods_end_again_and_again_is_hopeless() -> None:
    failing = [step("Failed")] * 3
    assert said(*failing, step("Running")) == "Job task-service-migrate-1: has ended 3 times"
    assert not said(*failing[:2], step("Pending"))


def test_a_job_that_succeeded_in_the_end_is_not_hopeless() -> None:
    assert not said(*[step("Failed")] * 4, step("Succeeded"))

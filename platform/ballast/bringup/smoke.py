"""One real task through the whole path: gateway, Dapr, database, outbox, broker, delivery."""

import time

import httpx

from ballast import names
from ballast.errors import BallastError
from ballast.gate.tokens import identity_of, mint
from ballast.kubeapi import KubeApi

SMOKE_USER = "smoke-test"


def prove(api: KubeApi, environment: str, key: str, seconds: float = 60.0) -> float:
    """Create a task and wait for its delivery record; returns seconds from create to delivery.

    `key` is the idempotency key: proving the same release twice creates nothing new.
    BallastError says which half of the path failed.
    """
    token = mint(identity_of(api, environment), SMOKE_USER)
    base = f"http://127.0.0.1:{names.GATEWAY_PORTS[environment]}/api/v1"
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
    deadline = time.monotonic() + seconds
    with httpx.Client(base_url=base, headers=headers, timeout=10, trust_env=False) as client:
        began = time.monotonic()
        task = _create(client, deadline)
        _await_delivery(client, task, deadline)
        return time.monotonic() - began


def _create(client: httpx.Client, deadline: float) -> str:
    said = ""
    while time.monotonic() < deadline:
        try:
            answer = client.post("/tasks", json={"title": "Smoke test task"})
            if answer.status_code in {httpx.codes.OK, httpx.codes.CREATED}:
                return str(answer.json()["id"])
            said = f"{answer.status_code} {answer.text[:200]}"
        except httpx.HTTPError as error:
            said = f"{type(error).__name__}: {error}"
        time.sleep(0.5)
    raise BallastError(
        f"no task could be created through the gateway: {said}",
        fix="look at the pods of the environment with the KUBECONFIG of `ballast node status`",
    )


def _await_delivery(client: httpx.Client, task: str, deadline: float) -> None:
    while time.monotonic() < deadline:
        answer = client.get("/notifications", params={"task_id": task})
        if answer.is_success and answer.json()["items"]:
            return
        time.sleep(0.1)
    raise BallastError(
        f"task {task} was created, but its notification was not delivered",
        fix="the event path is broken: look at the outbox of task-service and the sidecars' logs",
    )

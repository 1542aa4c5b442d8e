"""The database on the running platform: what was acknowledged outlives what is done to its pod."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from tests.e2e.eventually import eventually

from ballast import names
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping, mappings

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
USERS = 16
# As long as the grace of the pod, in which it used to serve beside its successor.
SECONDS = 35.0
# Below the limit of a user, ten requests a minute.
PAUSE_SECONDS = 7.5
# The gateway's circuit is open for 30 s after it has seen the database away, and perhaps once more.
CIRCUIT_SECONDS = 90.0


def ready(api: KubeApi, other_than: str) -> bool:
    pod = mapping(api.get("v1", "Pod", "postgres-0", names.DATABASE_NAMESPACE))
    conditions = mappings(mapping(pod.get("status")).get("conditions"))
    return mapping(pod.get("metadata")).get("uid") != other_than and any(
        each.get("type") == "Ready" and each.get("status") == "True" for each in conditions
    )


def create(client: httpx.Client, end: float) -> list[str]:
    """Ids of the tasks that the gateway acknowledged to one user until `end`, and two at least."""
    made: list[str] = []
    while time.monotonic() < end or (len(made) < 2 and time.monotonic() < end + CIRCUIT_SECONDS):
        try:
            answer = client.post("/tasks", json={"title": "outlives its server"})
        except httpx.TransportError:
            continue
        if answer.status_code == httpx.codes.CREATED:
            made.append(answer.json()["id"])
        time.sleep(PAUSE_SECONDS)
    return made


def lists(client: httpx.Client, tasks: list[str]) -> bool:
    answer = client.get("/tasks")
    return answer.status_code == httpx.codes.OK and (
        {each["id"] for each in answer.json()["items"]} >= set(tasks)
    )


def test_a_server_that_is_deleted_without_grace_loses_nothing_that_it_acknowledged(
    api: KubeApi, gateway: Callable[..., httpx.Client]
) -> None:
    pod = mapping(api.get("v1", "Pod", "postgres-0", names.DATABASE_NAMESPACE))
    uid = str(mapping(pod["metadata"])["uid"])
    clients = [gateway(f"user-{uuid.uuid4()}") for _ in range(USERS)]
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(USERS) as pool:
        creating = [pool.submit(create, client, end) for client in clients]
        assert api.delete(
            "v1", "Pod", "postgres-0", names.DATABASE_NAMESPACE, uid=uid, grace_seconds=0
        )
        made = [each.result() for each in creating]
    eventually(lambda: ready(api, uid), 120, "a new server")
    assert min(map(len, made)) > 1

    for client, tasks in zip(clients, made, strict=True):
        has_all = partial(lists, client, tasks)
        eventually(has_all, CIRCUIT_SECONDS, "all that was acknowledged")

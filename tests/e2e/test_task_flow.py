"""A task goes through gateway, Dapr, database, outbox, Kafka and comes out as one delivery."""

import uuid
from collections.abc import Callable

import httpx
import pytest
from tests.e2e.eventually import eventually

pytestmark = pytest.mark.e2e
Gateway = Callable[..., httpx.Client]


def deliveries(client: httpx.Client, task: str) -> list[dict[str, object]]:
    answer = client.get("/notifications", params={"task_id": task})
    answer.raise_for_status()
    return answer.json()["items"]


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_a_created_task_is_delivered_once(gateway: Gateway, environment: str) -> None:
    client = gateway(f"user-{uuid.uuid4()}", environment)
    created = client.post("/tasks", json={"title": "Write the report"})
    assert created.status_code == 201, created.text
    task = created.json()["id"]
    found = eventually(lambda: deliveries(client, task), 30, "the delivery")
    assert len(found) == 1
    assert task in str(found[0])


def test_the_same_idempotency_key_creates_one_task(gateway: Gateway) -> None:
    client = gateway(f"user-{uuid.uuid4()}")
    headers = {"idempotency-key": str(uuid.uuid4())}
    answers = [
        client.post("/tasks", json={"title": "Once"}, headers=headers).json() for _ in range(3)
    ]
    assert len({answer["id"] for answer in answers}) == 1
    assert len(client.get("/tasks").json()["items"]) == 1


def test_another_users_task_answers_as_not_found(gateway: Gateway) -> None:
    owner, stranger = gateway(f"user-{uuid.uuid4()}"), gateway(f"user-{uuid.uuid4()}")
    task = owner.post("/tasks", json={"title": "Private"}).json()["id"]
    assert owner.get(f"/tasks/{task}").status_code == 200
    assert stranger.get(f"/tasks/{task}").status_code == 404


def test_environments_do_not_share_tasks(gateway: Gateway) -> None:
    user = f"user-{uuid.uuid4()}"
    task = gateway(user, "dev").post("/tasks", json={"title": "Only in dev"}).json()["id"]
    assert gateway(user, "staging").get(f"/tasks/{task}").status_code == 404


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer not-a-token"}])
def test_a_request_without_a_valid_token_is_refused(
    gateway: Gateway, header: dict[str, str]
) -> None:
    client = gateway("anybody")
    client.headers.pop("authorization")
    assert client.get("/tasks", headers=header).status_code == 401

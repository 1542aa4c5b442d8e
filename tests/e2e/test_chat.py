"""A sentence becomes a task; a conversation goes on although no service remembers it."""

import uuid
from collections.abc import Callable

import httpx
import pytest

pytestmark = pytest.mark.e2e
Gateway = Callable[..., httpx.Client]


def test_a_sentence_creates_a_task(gateway: Gateway) -> None:
    client = gateway(f"user-{uuid.uuid4()}")
    answer = client.post("/chat", json={"message": "add buy milk"})
    assert answer.status_code == 200, answer.text
    assert [action["tool"] for action in answer.json()["actions"]] == ["add_task"]
    assert [task["title"] for task in client.get("/tasks").json()["items"]] == ["buy milk"]


def test_a_recurring_sentence_becomes_a_rule(gateway: Gateway) -> None:
    client = gateway(f"user-{uuid.uuid4()}")
    message = "every second Friday at 9am remind me to send the invoice"
    answer = client.post("/chat", json={"message": message, "zone": "Europe/Berlin"})
    assert answer.status_code == 200, answer.text
    [template] = client.get("/recurring-tasks").json()["items"]
    assert "FREQ=WEEKLY" in template["recurrence_rule"]
    assert "INTERVAL=2" in template["recurrence_rule"]
    assert template["time_zone"] == "Europe/Berlin"

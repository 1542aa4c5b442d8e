"""A due task reminds its user on time and once; what is done or gone does not remind."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.e2e.eventually import eventually

pytestmark = pytest.mark.e2e
Gateway = Callable[..., httpx.Client]


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def reminders(client: httpx.Client, task: str) -> list[dict[str, Any]]:
    answer = client.get("/notifications", params={"task_id": task})
    answer.raise_for_status()
    return [item for item in answer.json()["items"] if item["subject"] == "Task Reminder"]


def test_a_due_task_reminds_once_and_never_early(gateway: Gateway) -> None:
    client = gateway(f"user-{uuid.uuid4()}")
    due = in_seconds(4)
    task = client.post("/tasks", json={"title": "Call", "due_date": due}).json()["id"]
    [found] = eventually(lambda: reminders(client, task), 30, "the reminder")
    assert datetime.fromisoformat(found["event_time"]) >= datetime.fromisoformat(due)
    time.sleep(2)
    assert len(reminders(client, task)) == 1


def test_a_completed_task_does_not_remind(gateway: Gateway) -> None:
    client = gateway(f"user-{uuid.uuid4()}")
    body = {"title": "Already done", "due_date": in_seconds(6)}
    task = client.post("/tasks", json=body).json()["id"]
    client.post(f"/tasks/{task}/complete").raise_for_status()
    time.sleep(9)
    assert reminders(client, task) == []


def test_a_recurring_task_makes_its_instance_and_reminds(gateway: Gateway) -> None:
    client = gateway(f"user-{uuid.uuid4()}")
    # Rules count whole minutes; with an hour of lead the instance is made at once all the same.
    soon = datetime.now(UTC) + timedelta(seconds=65)
    first = soon.replace(tzinfo=None, second=0, microsecond=0)
    template = {
        "title": "Water the plants",
        "recurrence_rule": "FREQ=DAILY",
        "time_zone": "UTC",
        "starts_at": first.isoformat(),
        "lead_minutes": 60,
    }
    made = client.post("/recurring-tasks", json=template)
    assert made.status_code == 201, made.text

    def instances() -> list[dict[str, Any]]:
        items = client.get("/tasks").json()["items"]
        return [item for item in items if item["title"] == "Water the plants"]

    [task] = eventually(instances, 60, "the instance")
    assert len(eventually(lambda: reminders(client, task["id"]), 120, "the reminder")) == 1

"""After a promotion: one real task through the gateway, seen delivered, and its reminder too."""

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from ballast.errors import BallastError
from ballast.gate.readback import CREATED_SUBJECT
from ballast.gate.tokens import Identity, mint
from ballast.kubeapi.shape import mapping, mappings

TITLE: Final = "Smoke test task"
REMINDER_SUBJECT: Final = "Task Reminder"
REMIND_AFTER_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.25


@dataclass(frozen=True)
class Smoke:
    """Seconds from the create to its delivery, and from the reminder's instant to its own."""

    delivered: float
    reminded: float


@dataclass
class _Progress:
    task_id: str = ""
    created: float = 0.0
    delivered: float | None = None
    remind_at: float | None = None
    reminder_said: str = ""
    said: str = ""


def smoke(
    url: str, identity: Identity, within_seconds: float = 30.0, *, key: str | None = None
) -> Smoke:
    """Create a task through the gateway at `url`, remind of it, and read both deliveries back.

    The same idempotency `key` again creates nothing new: the first task is looked at once more.
    Raises BallastError saying what the gateway answered, or which delivery did not come in time.
    """
    key = key or uuid.uuid4().hex
    token = mint(identity, f"smoke-{key[:12]}", lifetime=300)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
    at = _Progress()
    with httpx.Client(base_url=url, headers=headers, timeout=10.0, trust_env=False) as client:
        start = time.monotonic()
        while not at.said or time.monotonic() - start < within_seconds:
            try:
                if found := _step(client, at):
                    return found
            except (httpx.HTTPError, ValueError, KeyError) as error:
                at.said = f"{url} does not answer as it should: {error}"
            time.sleep(POLL_SECONDS)
    raise BallastError(
        f"the smoke test failed after {within_seconds:.0f} s: {at.said}",
        f"See the pods behind {url}.",
    )


def _step(client: httpx.Client, at: _Progress) -> Smoke | None:
    if not at.task_id:
        at.created = time.monotonic()
        answer = client.post("/api/v1/tasks", json={"title": TITLE})
        at.said = f"POST /api/v1/tasks answers {answer.status_code}"
        if not answer.is_success:
            return None
        at.task_id = str(mapping(answer.json())["id"])
        if answer.status_code == int(httpx.codes.OK):
            at.remind_at = at.created  # made by an earlier run, and its reminder with it
    if at.remind_at is None:
        at.remind_at = _remind(client, at)
    subjects = _subjects(client, at.task_id)
    now = time.monotonic()
    if CREATED_SUBJECT not in subjects:
        at.said = f"task {at.task_id} was created and not delivered"
        return None
    at.delivered = at.delivered if at.delivered is not None else now - at.created
    if at.remind_at is None or REMINDER_SUBJECT not in subjects:
        at.said = f"task {at.task_id} was delivered and its reminder was not{at.reminder_said}"
        return None
    return Smoke(at.delivered, max(0.0, now - at.remind_at))


def _remind(client: httpx.Client, at: _Progress) -> float | None:
    instant = datetime.now(UTC) + timedelta(seconds=REMIND_AFTER_SECONDS)
    due = time.monotonic() + REMIND_AFTER_SECONDS
    body = {"task_id": at.task_id, "remind_at": instant.isoformat()}
    # A key of its own: with the task's, the reminder would pass for a repeat of it.
    headers = {"idempotency-key": f"{at.task_id}-reminder"}
    answer = client.post("/api/v1/reminders", json=body, headers=headers)
    if answer.is_success:
        return due
    at.reminder_said = f": POST /api/v1/reminders answers {answer.status_code}"
    return None


def _subjects(client: httpx.Client, task_id: str) -> set[str]:
    answer = client.get("/api/v1/notifications", params={"task_id": task_id})
    items = mappings(mapping(answer.json()).get("items")) if answer.is_success else []
    return {str(item.get("subject")) for item in items}

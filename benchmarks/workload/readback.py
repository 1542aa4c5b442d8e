"""What became of creates, read back through the gateway as their users, and judged."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from ballast.errors import BallastError
from ballast.gate.history.check import check
from ballast.gate.history.effects import ServiceEffect, Tally
from ballast.gate.history.findings import Findings
from ballast.gate.history.operations import Kind
from ballast.gate.history.reading import EffectReader, creations_of, deliveries_of
from ballast.gate.ledger import Attempt, Effect, Ledger, match
from ballast.gate.readback import READERS, Readback
from workload.clients import Create
from workload.environment import Users

REMINDER_SUBJECT: Final = "Task Reminder"
POLL_SECONDS: Final = 2.0


@dataclass
class Seen:
    """What services show of one user."""

    effects: list[ServiceEffect] = field(default_factory=list[ServiceEffect])
    reminders: list[Effect] = field(default_factory=list[Effect])
    tallies: list[Tally] = field(default_factory=list[Tally])
    notifications: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass
class Outcome:
    """The findings on creates, the ledger of reminders, and when each task's delivery was made."""

    findings: Findings
    reminders: Ledger
    delivered: dict[str, float]
    seen: Mapping[str, Seen]

    @property
    def settled(self) -> bool:
        """Whether nothing is still to come."""
        return not self.findings.missing and not self.reminders.lost


def read_back(
    url: str,
    users: Users,
    creates: Sequence[Create],
    *,
    deadline: float,
    late_after: float,
    progress: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Read all users until nothing is missing or `deadline` seconds passed, and judge.

    An effect over `late_after` seconds after its answer is late. Raises BallastError when they
    cannot be read by then.
    """
    readback = Readback(url, users.tokens)
    reader = EffectReader(readback, users.names)
    places = {user: place for place, user in enumerate(users.names)}
    owner = {create.task: create.user for create in creates if create.task}
    end = time.monotonic() + deadline
    seen: dict[str, Seen] = {}
    waiting = list(users.names)
    with readback.client() as http, ThreadPoolExecutor(READERS) as readers:

        def read(user: str) -> Seen:
            return _read(reader, http, user, places[user])

        while True:
            try:
                seen |= dict(zip(waiting, readers.map(read, waiting), strict=True))
            except BallastError as unread:
                # A service that is still coming back is no reason to lose what was measured.
                if time.monotonic() > end:
                    raise
                progress(str(unread))
                continue
            outcome = judge(creates, seen, late_after)
            if outcome.settled or time.monotonic() > end:
                return outcome
            late = {owner[task] for task in outcome.reminders.lost}
            waiting = sorted(outcome.findings.missing | late)
            progress(f"effects of {len(waiting)} users are to come")
            time.sleep(POLL_SECONDS)


def judge(creates: Sequence[Create], seen: Mapping[str, Seen], late_after: float) -> Outcome:
    """What is wrong with what was seen of these creates."""
    effects = [effect for each in seen.values() for effect in each.effects]
    tallies = [
        tally for each in seen.values() for tally in each.tallies if tally.kind is Kind.CREATE
    ]
    operations = [create.operation for create in creates]
    findings = check(operations, effects, within=late_after, tallies=tallies)
    due = [Attempt(create.key, create.task) for create in creates if create.due is not None]
    reminders = match(due, [each for one in seen.values() for each in one.reminders], {})
    delivered = {each.task: each.at for each in effects if each.service == "notifications"}
    return Outcome(findings, reminders, delivered, seen)


def _read(reader: EffectReader, http: httpx.Client, user: str, place: int) -> Seen:
    notifications = reader.readback.pages(http, place, "/api/v1/notifications")
    tasks = reader.readback.pages(http, place, "/api/v1/tasks")
    return Seen(
        [*creations_of(user, tasks), *deliveries_of(user, notifications)],
        reminders_of(notifications),
        reader.tallies(http, place),
        notifications,
    )


def reminders_of(notifications: Sequence[Mapping[str, Any]]) -> list[Effect]:
    """The deliveries of reminders among a user's notifications."""
    return [
        Effect(str(item["id"]), str(item["task_id"]))
        for item in notifications
        if item.get("subject") == REMINDER_SUBJECT
    ]

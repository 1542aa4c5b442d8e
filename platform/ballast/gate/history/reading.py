"""Effects of a history, read back through the public API as its users would.

Task-service shows the audit of each task, the notification service its deliveries, and analytics
how often it counted each kind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx

from ballast.gate.history.effects import NOTIFICATIONS, TASKS, ServiceEffect, Tally
from ballast.gate.history.operations import Kind
from ballast.gate.readback import CREATED_SUBJECT, Readback
from ballast.kubeapi.shape import mapping

ACTIONS: Final = {
    "created": Kind.CREATE,
    "updated": Kind.UPDATE,
    "completed": Kind.COMPLETE,
    "deleted": Kind.DELETE,
}
COUNTED: Final = {
    "tasks_created": Kind.CREATE,
    "tasks_completed": Kind.COMPLETE,
    "tasks_deleted": Kind.DELETE,
}


@dataclass
class Shown:
    """What services show of one user."""

    effects: list[ServiceEffect] = field(default_factory=list[ServiceEffect])
    tallies: list[Tally] = field(default_factory=list[Tally])


@dataclass(frozen=True)
class EffectReader:
    """Reads the effects of users, each given by its place among `users`."""

    readback: Readback
    users: Sequence[str]

    def read(self, http: httpx.Client, place: int, known: Sequence[str]) -> Shown:
        """Everything of one user; `known` are tasks that the client was told of."""
        user = self.users[place]
        deliveries = deliveries_of(user, self.readback.pages(http, place, "/api/v1/notifications"))
        listed = self.readback.pages(http, place, "/api/v1/tasks")
        tasks = {
            *known,
            *(delivery.task for delivery in deliveries),
            *(str(item["id"]) for item in listed),
        }
        audits = [
            _change(user, entry)
            for task in sorted(tasks)
            for entry in self.readback.pages(
                http, place, f"/api/v1/tasks/{task}/audit", absent_is_empty=True
            )
        ]
        return Shown(audits + deliveries, self.tallies(http, place))

    def tallies(self, http: httpx.Client, place: int) -> list[Tally]:
        """What analytics counts of one user."""
        summary = self.readback.get(http, place, "/api/v1/reports/summary")
        counts = mapping(summary.get("counts"))
        return [
            Tally("analytics", self.users[place], kind, int(counts.get(name, 0)))
            for name, kind in COUNTED.items()
        ]


def deliveries_of(user: str, notifications: Iterable[Mapping[str, Any]]) -> list[ServiceEffect]:
    """The effects of creates among a user's notifications, in their order."""
    created = (item for item in notifications if item.get("subject") == CREATED_SUBJECT)
    return [_delivery(user, item) for item in created]


def creations_of(user: str, tasks: Iterable[Mapping[str, Any]]) -> list[ServiceEffect]:
    """The effects of creates among a user's tasks as they are listed, for tasks left as made."""
    return [
        ServiceEffect(
            TASKS.service,
            str(item["id"]),
            Kind.CREATE,
            str(item["id"]),
            str(item["title"]),
            user,
            int(item["version"]),
            _unix(item["created_at"]),
        )
        for item in tasks
    ]


def _delivery(user: str, item: Mapping[str, Any]) -> ServiceEffect:
    return ServiceEffect(
        NOTIFICATIONS.service,
        str(item["id"]),
        Kind.CREATE,
        str(item["task_id"]),
        "",
        str(item.get("user_id", user)),
        int(item["seq"]),
        _unix(item["created_at"]),
    )


def _change(user: str, entry: dict[str, Any]) -> ServiceEffect:
    """What nobody but a stranger does, such as reopening, is an update without a key."""
    task, version = str(entry["task_id"]), int(entry["version"])
    kind = ACTIONS.get(str(entry["action"]), Kind.UPDATE)
    title = mapping(mapping(entry.get("changes")).get("title")).get("after")
    return ServiceEffect(
        TASKS.service,
        f"{task}/{version}",
        kind,
        task,
        str(title or ""),
        str(entry.get("actor", user)),
        version,
        _unix(entry["at"]),
    )


def _unix(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()

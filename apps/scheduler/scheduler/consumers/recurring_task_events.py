"""Events of recurring tasks: the series of the scheduler follow them."""

from collections.abc import Sequence
from typing import TypeVar

from fastapi import APIRouter

from scheduler.repository.series import SeriesRepository
from todo_shared.consumer import EventConsumer
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import (
    RecurringTaskCreated,
    RecurringTaskState,
    RecurringTaskUpdated,
)

S = TypeVar("S", bound=RecurringTaskState)


class RecurringTaskEvents:
    """The consumers of the two topics of recurring tasks."""

    def __init__(self, repository: SeriesRepository) -> None:
        self._repository = repository

    def mount(self, router: APIRouter) -> None:
        """Serve the subscriptions."""
        created = EventConsumer(RecurringTaskCreated, self._effect)
        created.mount(router, "/events/recurring-task-created")
        updated = EventConsumer(RecurringTaskUpdated, self._effect)
        updated.mount(router, "/events/recurring-task-updated")

    async def _effect(self, events: Sequence[ReceivedEvent[S]]) -> int:
        fresh = 0
        for event in events:
            new, _ = await self._repository.project(event)
            fresh += new
        return fresh

"""Live consumption: events go to the schema that is read, and to one that is being rebuilt."""

from collections.abc import Sequence
from typing import Any

from analytics.repository import state
from analytics.repository.projecting import project
from todo_shared.database import Database
from todo_shared.events.envelope import ReceivedEvent


class LiveProjections:
    """The projections of one database, as consumers see them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def project(self, events: Sequence[ReceivedEvent[Any]]) -> int:
        """Take events of one topic in one transaction; returns how many were not seen before."""
        async with self._database.transaction() as connection:
            present = await state.shared(connection)
            fresh: list[int] = []
            for schema in present.written:
                await state.enter(connection, schema)
                fresh.append(await project(connection, events))
        return fresh[0]

"""A rebuild in the database: it begins, takes what the broker kept, and is put in place.

While it is open, live events go to both schemas. Everything that it does is written down, so a
process that stops can be followed by another one; two at once do the same work twice, harmlessly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.models.comparison import TableComparison
from analytics.models.tables import PROJECTIONS, Schema
from analytics.repository import state
from analytics.repository.comparing import carry_over, compare
from analytics.repository.projecting import project
from analytics.repository.state import State
from todo_shared.database import Database
from todo_shared.events.envelope import ReceivedEvent

_BEGIN: Final = text("UPDATE public.projection_state SET shadow = :shadow, rebuild = rebuild + 1")
_SWITCH: Final = text("UPDATE public.projection_state SET active = shadow, shadow = NULL")
_GIVE_UP: Final = text("UPDATE public.projection_state SET shadow = NULL")
_POSITIONS: Final = text("SELECT topic, partition, next_offset FROM replay_positions")
_ADVANCE: Final = text("""
    INSERT INTO replay_positions AS known (topic, partition, next_offset)
    VALUES (:topic, :partition, :next_offset)
    ON CONFLICT (topic, partition) DO UPDATE
    SET next_offset = greatest(known.next_offset, EXCLUDED.next_offset)
""")


class RebuildOverError(Exception):
    """The rebuild was put in place or given up by somebody else meanwhile."""


@dataclass(frozen=True, slots=True)
class Run:
    """An open rebuild; `resumed` when another process had begun it."""

    number: int
    shadow: Schema
    resumed: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one partition up to before `next_offset`, as far as they are events."""

    topic: str
    partition: int
    next_offset: int
    events: Sequence[ReceivedEvent[Any]]
    unreadable: int


class RebuildRepository:
    """Rebuilds in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self) -> Run:
        """Open a rebuild with empty tables, or go on with the one that is open."""
        async with self._database.transaction() as connection:
            present = await state.held(connection)
            if present.shadow is not None:
                return Run(present.rebuild, present.shadow, resumed=True)
            shadow = present.active.other
            tables = ", ".join(table.fullname for table in PROJECTIONS[shadow].sorted_tables)
            await connection.execute(text(f"TRUNCATE {tables}"))
            await connection.execute(_BEGIN, {"shadow": shadow.value})
            return Run(present.rebuild + 1, shadow, resumed=False)

    async def positions(self, run: Run) -> dict[tuple[str, int], int]:
        """The next offset of each partition that was begun. Raises RebuildOverError."""
        async with self._database.transaction() as connection:
            await self._enter(connection, run, await state.shared(connection))
            rows = await connection.execute(_POSITIONS)
            return {(row.topic, row.partition): row.next_offset for row in rows}

    async def keep(self, run: Run, batch: Batch) -> int:
        """Take a batch and how far it goes; returns how many events were not seen before.

        Raises RebuildOverError.
        """
        async with self._database.transaction() as connection:
            await self._enter(connection, run, await state.shared(connection))
            fresh = await project(connection, batch.events) if batch.events else 0
            values = {
                "topic": batch.topic,
                "partition": batch.partition,
                "next_offset": batch.next_offset,
            }
            await connection.execute(_ADVANCE, values)
        return fresh

    async def finish(
        self, run: Run, horizon: date | None, *, switch: bool
    ) -> list[TableComparison]:
        """Complete what was rebuilt, compare it, and put it in place or give it up.

        `horizon` is the first day that the broker could tell in full, None when that is every day.
        Raises RebuildOverError.
        """
        async with self._database.transaction() as connection:
            present = await state.held(connection)
            await self._enter(connection, run, present)
            if horizon is not None:
                await carry_over(connection, present.active, run.shadow, horizon)
            differences = await compare(connection, present.active, run.shadow)
            await connection.execute(_SWITCH if switch else _GIVE_UP)
        return differences

    async def give_up(self) -> bool:
        """Close an open rebuild without using it; whether there was one."""
        async with self._database.transaction() as connection:
            present = await state.held(connection)
            await connection.execute(_GIVE_UP)
        return present.shadow is not None

    async def _enter(self, connection: AsyncConnection, run: Run, present: State) -> None:
        if (present.rebuild, present.shadow) != (run.number, run.shadow):
            raise RebuildOverError("the rebuild was ended by another process")
        await state.enter(connection, run.shadow)

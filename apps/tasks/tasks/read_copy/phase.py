"""The admitted phase, which is in PostgreSQL, and what a replica knows of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.read_copy.mode import ReadCopyMode, lower_of
from todo_shared.database import Database

_READ: Final = text("""
    SELECT mode, since, backfill_after, backfilled, backfill_finished_at FROM read_copy_phase
""")
_MOVE: Final = text("""
    UPDATE read_copy_phase SET mode = :wanted, since = clock_timestamp() WHERE mode = :present
    RETURNING mode
""")
_BEGIN: Final = text("""
    UPDATE read_copy_phase
    SET backfill_after = NULL, backfilled = 0, backfill_finished_at = NULL
""")
_ADVANCE: Final = text("""
    UPDATE read_copy_phase
    SET backfill_after = :after, backfilled = backfilled + :count
    WHERE backfill_finished_at IS NULL
""")
_FINISH: Final = text("""
    UPDATE read_copy_phase SET backfill_finished_at = clock_timestamp()
    WHERE backfill_finished_at IS NULL
""")
_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Phase:
    """The admitted mode, since when, and how far the backfill of this dual write has come."""

    mode: ReadCopyMode
    since: datetime
    backfill_after: UUID
    backfilled: int
    backfill_finished_at: datetime | None


class PhaseRecords:
    """The one row of `read_copy_phase`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> Phase:
        """The phase as it is now."""

        async def work(connection: AsyncConnection) -> Phase:
            row = (await connection.execute(_READ)).one()
            return Phase(
                mode=ReadCopyMode(row.mode),
                since=row.since,
                backfill_after=_FIRST if row.backfill_after is None else UUID(str(row[2])),
                backfilled=row.backfilled,
                backfill_finished_at=row.backfill_finished_at,
            )

        return await self._database.run(work)

    async def move(self, present: ReadCopyMode, wanted: ReadCopyMode, lock_seconds: float) -> bool:
        """Make `wanted` the mode; False when it is no longer `present`.

        Changes that are under way began without being noted: a first phase waits for them, but
        not longer than `lock_seconds`.
        """
        async with self._database.transaction() as connection:
            if present is ReadCopyMode.POSTGRES:
                await connection.execute(text(f"SET LOCAL lock_timeout = '{lock_seconds}s'"))
                await connection.execute(text("LOCK TABLE tasks IN SHARE ROW EXCLUSIVE MODE"))
                await connection.execute(_BEGIN)
            values = {"present": present.value, "wanted": wanted.value}
            return (await connection.execute(_MOVE, values)).first() is not None

    async def begin_backfill(self) -> None:
        """The backfill begins anew."""
        async with self._database.transaction() as connection:
            await connection.execute(_BEGIN)

    async def advance_backfill(self, after: UUID, count: int) -> None:
        """All tasks up to `after` have their copies, `count` of them since the last call."""
        async with self._database.transaction() as connection:
            await connection.execute(_ADVANCE, {"after": after, "count": count})

    async def finish_backfill(self) -> None:
        """All tasks have their copies."""
        async with self._database.transaction() as connection:
            await connection.execute(_FINISH)


class PresentPhase:
    """What a replica goes by: the wanted mode, as far as it is admitted.

    A setting that was refused may reach a pod all the same, when it restarts on its own.
    """

    def __init__(self, wanted: ReadCopyMode) -> None:
        self._wanted = wanted
        self._admitted: Phase | None = None

    @property
    def mode(self) -> ReadCopyMode:
        """How to read and write now; PostgreSQL alone until the admitted mode is known."""
        if self._admitted is None:
            return ReadCopyMode.POSTGRES
        return lower_of(self._wanted, self._admitted.mode)

    @property
    def since(self) -> datetime | None:
        """When the admitted mode began; None while it is not known."""
        return None if self._admitted is None else self._admitted.since

    def learn(self, phase: Phase) -> None:
        """Go by `phase` from now on."""
        self._admitted = phase

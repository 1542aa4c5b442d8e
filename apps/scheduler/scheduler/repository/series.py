"""Series in PostgreSQL: the projection of events, and claims by lease with a fence.

A claim raises the fence, and so does an event. Whoever holds an older fence cannot move the cursor
any more: a slow replica whose lease ran out finds that somebody else went on.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.models.series import Cursor, Schedule, Series, projected
from todo_shared.database import Database
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.events.payloads import RecurringTaskState
from todo_shared.inbox import Inbox
from todo_shared.recurrence import TZDATA_VERSION, CatchUpPolicy

CHANNEL: Final = "series"

S = TypeVar("S", bound=RecurringTaskState)

_COLUMNS: Final = (
    "id, user_id, rule, rule_kind, time_zone, starts_at, gap_policy, overlap_policy, "
    "short_month_policy, catch_up_policy, lead_minutes, active, version, next_key, next_instant, "
    "generation_at, tzdata"
)
_FIELDS: Final = tuple(name.strip() for name in _COLUMNS.split(","))
_KNOWN: Final = text(f"SELECT {_COLUMNS}, fence, attempts FROM series WHERE id = :id FOR UPDATE")  # noqa: S608 - a literal of this module
_PUT: Final = text(f"""
    WITH put AS (
        INSERT INTO series AS known ({_COLUMNS}, fence, attempts)
        VALUES ({", ".join(":" + name for name in _FIELDS)}, 1, 0)
        ON CONFLICT (id) DO UPDATE SET
            ({_COLUMNS}) = ({", ".join("EXCLUDED." + name for name in _FIELDS)}),
            fence = known.fence + 1, leased_until = NULL, leased_by = NULL,
            attempts = 0, retry_at = NULL
        WHERE known.version < EXCLUDED.version
        RETURNING id
    )
    SELECT id, pg_notify('{CHANNEL}', '') FROM put
""")  # noqa: S608 - a literal of this module
_CLAIM: Final = text(f"""
    UPDATE series SET fence = fence + 1, leased_by = :replica,
        leased_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE id IN (
        SELECT id FROM series
        WHERE active AND generation_at <= now()
          AND (leased_until IS NULL OR leased_until <= now())
          AND (retry_at IS NULL OR retry_at <= now())
        ORDER BY generation_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING {_COLUMNS}, fence, attempts
""")  # noqa: S608 - a literal of this module
_ADVANCE: Final = text("""
    UPDATE series SET next_key = :next_key, next_instant = :next_instant,
        generation_at = :generation_at, tzdata = :tzdata, attempts = 0, retry_at = NULL,
        leased_until = CASE WHEN :keep
            THEN clock_timestamp() + make_interval(secs => :seconds) END,
        leased_by = CASE WHEN :keep THEN leased_by END
    WHERE id = :id AND fence = :fence AND next_key = :key
    RETURNING id
""")
_RELEASE: Final = text("""
    UPDATE series SET leased_until = NULL, leased_by = NULL, attempts = attempts + 1,
        retry_at = clock_timestamp() + make_interval(secs => :seconds)
    WHERE id = :id AND fence = :fence
    RETURNING id
""")
_GIVE_BACK: Final = text(
    "UPDATE series SET leased_until = NULL, leased_by = NULL WHERE leased_by = :replica"
)
# In two parts, so that each reads only what it needs from the index.
_OUTLOOK: Final = text("""
    WITH due AS (
        SELECT greatest(leased_until, retry_at, now()) AS free_at
        FROM series WHERE active AND generation_at <= now()
    ),
    coming AS (
        SELECT min(generation_at) AS due_at FROM series WHERE active AND generation_at > now()
    )
    SELECT extract(epoch FROM least((SELECT min(free_at) FROM due), (SELECT due_at FROM coming))
                              - now())::float8 AS seconds,
           (SELECT count(*) FROM due) AS due
""")
_OLD_ZONES: Final = text(f"""
    SELECT {_COLUMNS}, fence, attempts FROM series
    WHERE tzdata <> :tzdata AND next_key IS NOT NULL AND id > :after ORDER BY id LIMIT :limit
""")  # noqa: S608 - a literal of this module
_RELOCATE: Final = text("""
    UPDATE series SET next_key = :next_key, next_instant = :next_instant,
        generation_at = :generation_at, tzdata = :tzdata, fence = fence + 1,
        leased_until = NULL, leased_by = NULL
    WHERE id = :id AND fence = :fence AND next_key = :key
    RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many series are due, and in how many seconds the next one can be claimed."""

    due: int
    seconds: float | None


class SeriesRepository:
    """The series of one database."""

    def __init__(self, database: Database, consumer: str) -> None:
        self._database = database
        self._inbox = Inbox(consumer)

    async def project(self, event: ReceivedEvent[S]) -> tuple[bool, Series | None]:
        """Take over the state that `event` tells, unless a newer one is known.

        Returns whether the event is new, and the series when it changed. Raises RecurrenceError
        or ValueError when the rule cannot be read.
        """
        async with self._database.transaction() as connection:
            if not await self._inbox.claim(connection, event.topic, [event]):
                return False, None
            found = (await connection.execute(_KNOWN, {"id": event.data.recurring_task_id})).first()
            known = _series(found) if found is not None else None
            if known is not None and known.version >= event.data.version:
                return True, None
            # A rule with a high COUNT takes some 100 ms to read: not on the loop of the timer.
            series = await asyncio.to_thread(projected, event.data, known)
            stored = (await connection.execute(_PUT, _values(series))).first()
            return True, series if stored is not None else None

    async def claim(self, replica: str, seconds: float, limit: int) -> list[Series]:
        """Lease up to `limit` due series for `seconds`, the longest due first."""
        values = {"replica": replica, "seconds": seconds, "limit": limit}
        async with self._database.connect() as connection:
            return [_series(row) for row in await connection.execute(_CLAIM, values)]

    async def advance(self, series: Series, cursor: Cursor | None, keep_seconds: float) -> bool:
        """Move the cursor if fence and cursor are still those of `series`; False when not.

        The lease is kept for `keep_seconds` more, or given back at 0.
        """
        values = _moved(series, cursor) | {"keep": keep_seconds > 0, "seconds": keep_seconds}

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(_ADVANCE, values)).first() is not None

        return await self._database.run(work)

    async def release(self, series: Series, seconds: float) -> bool:
        """Give the lease back and keep the series from being claimed for `seconds`."""
        values = {"id": series.id, "fence": series.fence, "seconds": seconds}

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(_RELEASE, values)).first() is not None

        return await self._database.run(work)

    async def give_back(self, replica: str) -> None:
        """Give back every lease of `replica`."""
        async with self._database.connect() as connection:
            await connection.execute(_GIVE_BACK, {"replica": replica})

    async def outlook(self) -> Outlook:
        """What is due, and when there is something to do again."""

        async def work(connection: AsyncConnection) -> Outlook:
            row = (await connection.execute(_OUTLOOK)).one()
            return Outlook(due=row.due, seconds=row.seconds)

        return await self._database.run(work)

    async def of_other_zone_data(self, after: str, limit: int) -> list[Series]:
        """Series whose cursor was placed by another version of the zone data, by id."""
        values: dict[str, Any] = {"tzdata": TZDATA_VERSION, "after": after, "limit": limit}

        async def work(connection: AsyncConnection) -> list[Series]:
            return [_series(row) for row in await connection.execute(_OLD_ZONES, values)]

        return await self._database.run(work)

    async def relocate(self, series: Series, cursor: Cursor | None) -> bool:
        """Put the cursor to its place in today's zone data; False when it moved meanwhile."""

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(_RELOCATE, _moved(series, cursor))).first() is not None

        return await self._database.run(work)


def _moved(series: Series, cursor: Cursor | None) -> dict[str, Any]:
    return {
        "id": series.id,
        "fence": series.fence,
        "key": series.cursor.key if series.cursor else None,
        **_place(cursor),
    }


def _place(cursor: Cursor | None) -> dict[str, Any]:
    instants: tuple[str | None, datetime | None, datetime | None] = (None, None, None)
    if cursor is not None:
        instants = (cursor.key, cursor.instant, cursor.generation_at)
    names = ("next_key", "next_instant", "generation_at")
    return dict(zip(names, instants, strict=True)) | {"tzdata": TZDATA_VERSION}


def _values(series: Series) -> dict[str, Any]:
    schedule = series.schedule
    return _place(series.cursor) | {
        "id": series.id,
        "user_id": series.user_id,
        "rule": schedule.rule,
        "rule_kind": schedule.rule_kind,
        "time_zone": schedule.time_zone,
        "starts_at": schedule.starts_at,
        "gap_policy": schedule.gap_policy,
        "overlap_policy": schedule.overlap_policy,
        "short_month_policy": schedule.short_month_policy,
        "catch_up_policy": series.catch_up.value,
        "lead_minutes": series.lead_minutes,
        "active": series.active,
        "version": series.version,
    }


def _series(row: Row[Any]) -> Series:
    cursor = None
    if row.next_key is not None:
        cursor = Cursor(row.next_key, row.next_instant, row.generation_at)
    return Series(
        id=row.id,
        user_id=row.user_id,
        schedule=Schedule(
            rule=row.rule,
            rule_kind=row.rule_kind,
            time_zone=row.time_zone,
            starts_at=row.starts_at,
            gap_policy=row.gap_policy,
            overlap_policy=row.overlap_policy,
            short_month_policy=row.short_month_policy,
        ),
        catch_up=CatchUpPolicy(row.catch_up_policy),
        lead_minutes=row.lead_minutes,
        active=row.active,
        version=row.version,
        cursor=cursor,
        tzdata=row.tzdata,
        fence=row.fence,
        attempts=row.attempts,
    )

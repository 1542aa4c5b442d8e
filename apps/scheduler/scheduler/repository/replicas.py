"""Which replicas are alive, in PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from todo_shared.database import Database

DEAD_SECONDS: Final = 3.0

_BEAT: Final = text("""
    WITH mine AS (
        INSERT INTO replicas (id, heartbeat_at) VALUES (:id, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()
    ),
    gone AS (DELETE FROM replicas WHERE heartbeat_at < now() - interval '1 hour' AND id <> :id)
    SELECT array(SELECT id FROM replicas
                 WHERE heartbeat_at > now() - make_interval(secs => :dead)) AS live
""")
# By itself: a statement that writes answers later than it reads the clock.
_TIME: Final = text("SELECT extract(epoch FROM clock_timestamp())::float8 AS now")
_LEAVE: Final = text("DELETE FROM replicas WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Who is alive, and the database's time (Unix seconds) asked for between two readings."""

    live: frozenset[str]
    now: float
    sent: float
    received: float


class ReplicaRepository:
    """The replicas that share one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, replica: str, reading: Callable[[], float]) -> Heartbeat:
        """Say that `replica` is alive, learn who else is, and what time it is."""
        values = {"id": replica, "dead": DEAD_SECONDS}
        async with self._database.connect() as connection:
            row = (await connection.execute(_BEAT, values)).one()
            sent = reading()
            now = (await connection.execute(_TIME)).scalar_one()
            received = reading()
        return Heartbeat(frozenset(row.live) | {replica}, now, sent, received)

    async def leave(self, replica: str) -> None:
        """Say that `replica` is about to stop."""
        async with self._database.connect() as connection:
            await connection.execute(_LEAVE, {"id": replica})

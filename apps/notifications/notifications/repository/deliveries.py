"""Deliveries as their users and the ledger see them."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.models.delivery import MAX_ATTEMPTS, Delivery
from notifications.repository.rows import COLUMNS, delivery_of
from notifications.repository.signals import SIGNAL
from todo_shared.database import Database
from todo_shared.errors import ConflictError, NotFoundError

_OF_USER: Final = text(f"""
    SELECT {COLUMNS} FROM deliveries
    WHERE user_id = :user_id AND id > :after
      AND (CAST(:task_id AS text) IS NULL OR task_id = :task_id)
    ORDER BY id LIMIT :limit
""")  # noqa: S608 - a literal of this package
_ALL: Final = text(f"""
    SELECT {COLUMNS} FROM deliveries
    WHERE id > :after
      AND (cardinality(CAST(:task_ids AS text[])) = 0
           OR task_id = ANY(CAST(:task_ids AS text[])))
    ORDER BY id LIMIT :limit
""")  # noqa: S608 - a literal of this package
_NUMBERED: Final = text(f"""
    SELECT {COLUMNS} FROM deliveries
    WHERE user_id = :user_id AND number > :after ORDER BY number LIMIT :limit
""")  # noqa: S608 - a literal of this package
_LAST_NUMBER: Final = text("SELECT last FROM delivery_counters WHERE user_id = :user_id")
_ONE: Final = text(f"""
    SELECT {COLUMNS} FROM deliveries WHERE id = :id AND user_id = :user_id
""")  # noqa: S608 - a literal of this package
_AGAIN: Final = f"""
    UPDATE deliveries SET status = 'pending', attempt_limit = attempts + {MAX_ATTEMPTS},
                          next_attempt_at = clock_timestamp()
"""  # noqa: S608 - a literal of this package
_RETRY: Final = text(f"""
    WITH again AS ({_AGAIN} WHERE id = :id AND user_id = :user_id AND status = 'failed'
                   RETURNING {COLUMNS}),
    signaled AS (SELECT {SIGNAL} FROM again)
    SELECT again.*, (SELECT count(*) FROM signaled) FROM again
""")  # noqa: S608 - literals of this package
_FAILED: Final = """
    SELECT id FROM deliveries
    WHERE status = 'failed' AND id > :after
      AND (CAST(:channel AS text) IS NULL OR channel = :channel)
    ORDER BY id LIMIT :limit
"""
_FIND_FAILED: Final = text(_FAILED)
_REPLAY_FAILED: Final = text(f"""
    WITH again AS ({_AGAIN} WHERE id IN ({_FAILED}) AND status = 'failed'
                   RETURNING id, user_id, channel),
    signaled AS (SELECT {SIGNAL} FROM (SELECT DISTINCT channel, user_id FROM again) AS users)
    SELECT id, (SELECT count(*) FROM signaled) FROM again
""")  # noqa: S608 - literals of this package


class DeliveryRepository(Protocol):
    """What is asked about deliveries."""

    async def of_user(
        self, user_id: str, task_id: str | None, after: int, limit: int
    ) -> list[Delivery]:
        """Deliveries to one user, oldest first."""
        ...

    async def all(self, task_ids: Sequence[str], after: int, limit: int) -> list[Delivery]:
        """Deliveries of all users, oldest first; of the given tasks only, if any are given."""
        ...

    async def numbered(self, user_id: str, after: int, limit: int) -> list[Delivery]:
        """Deliveries to one user whose number is above `after`, without gaps."""
        ...

    async def last_number(self, user_id: str) -> int:
        """The number of the user's newest delivery, 0 when there is none."""
        ...

    async def retry(self, user_id: str, delivery_id: int) -> Delivery:
        """Make a failed delivery of the user wait again; raises NotFoundError, ConflictError."""
        ...


class PostgresDeliveryRepository:
    """DeliveryRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_user(
        self, user_id: str, task_id: str | None, after: int, limit: int
    ) -> list[Delivery]:
        """See DeliveryRepository."""
        values = {"user_id": user_id, "task_id": task_id, "after": after, "limit": limit}
        return await self._read(_OF_USER, values)

    async def all(self, task_ids: Sequence[str], after: int, limit: int) -> list[Delivery]:
        """See DeliveryRepository."""
        values = {"task_ids": list(task_ids), "after": after, "limit": limit}
        return await self._read(_ALL, values)

    async def numbered(self, user_id: str, after: int, limit: int) -> list[Delivery]:
        """See DeliveryRepository."""
        values = {"user_id": user_id, "after": after, "limit": limit}
        return await self._read(_NUMBERED, values)

    async def last_number(self, user_id: str) -> int:
        """See DeliveryRepository."""

        async def work(connection: AsyncConnection) -> int:
            return await connection.scalar(_LAST_NUMBER, {"user_id": user_id}) or 0

        return await self._database.run(work)

    async def retry(self, user_id: str, delivery_id: int) -> Delivery:
        """See DeliveryRepository."""
        values = {"user_id": user_id, "id": delivery_id}
        again = await self._read(_RETRY, values)
        if again:
            return again[0]
        found = await self._read(_ONE, values)
        if not found:
            raise NotFoundError("notification not found")
        raise ConflictError(f"the notification is {found[0].status}, only a failed one is retried")

    async def failed(self, channel: str | None, after: int, limit: int) -> list[int]:
        """The ids of failed deliveries above `after`, of all channels or one."""
        return await self._ids(_FIND_FAILED, channel, after, limit)

    async def replay_failed(self, channel: str | None, after: int, limit: int) -> list[int]:
        """Make the failed deliveries that `failed` names wait again; returns their ids."""
        return await self._ids(_REPLAY_FAILED, channel, after, limit)

    async def _ids(self, statement: Any, channel: str | None, after: int, limit: int) -> list[int]:
        values = {"channel": channel, "after": after, "limit": limit}

        async def work(connection: AsyncConnection) -> list[int]:
            return sorted(row.id for row in await connection.execute(statement, values))

        return await self._database.run(work)

    async def _read(self, statement: Any, values: dict[str, Any]) -> list[Delivery]:
        async def work(connection: AsyncConnection) -> list[Delivery]:
            return [delivery_of(row) for row in await connection.execute(statement, values)]

        return await self._database.run(work)

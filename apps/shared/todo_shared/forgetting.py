"""What was handled long ago is forgotten: inbox rows that no repeat can ask for any more."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from todo_shared.database import Database
from todo_shared.errors import UnavailableError
from todo_shared.inbox import forget
from todo_shared.markers import KEPT_SECONDS

_log = logging.getLogger(__name__)

BATCH: Final = 5_000
_PAUSE_SECONDS: Final = 3_600.0


class Forgetting:
    """Deletes old rows of a service's inboxes, once an hour; any number of replicas may."""

    def __init__(
        self,
        database: Database,
        tables: Sequence[str] = ("event_inbox",),
        *,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._database = database
        self._tables = tables
        self._kept_seconds = kept_seconds

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Forget in the background while the block lasts."""
        task = asyncio.create_task(self._run(), name="forgetting")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def forget(self) -> int:
        """Delete all that is old enough; how many rows. Raises UnavailableError."""
        total = 0
        for table in self._tables:
            found = BATCH
            while found == BATCH:
                found = await self._database.run(
                    lambda connection, table=table: forget(
                        connection, table, kept_seconds=self._kept_seconds, batch=BATCH
                    )
                )
                total += found
        return total

    async def _run(self) -> None:
        while True:
            # At first nobody is connected yet, and a start has better things to do.
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                _log.info("handled events are forgotten", extra={"rows": await self.forget()})
            except UnavailableError as error:
                _log.warning("handled events are kept for another hour: %s", error)

"""A database connection outside the pool, for LISTEN and for session locks.

The driver has no type information; this module is where its values get their types.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Self, TypeVar

import asyncpg

from todo_shared.credentials import Login

# A peer that vanished without a word is noticed in about 11 s, not after two hours.
SERVER_SETTINGS: Final = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
CONNECT_SECONDS: Final = 3
STATEMENT_SECONDS: Final = 5
CLOSE_SECONDS: Final = 2

Result = TypeVar("Result")

DRIVER_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class ListeningConnection:
    """One session; statements commit by themselves and must not overlap."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, login: Login, application: str) -> Self:
        """Connect; raises one of DRIVER_ERRORS."""
        connecting = asyncpg.connect(
            host=login.host,
            port=login.port,
            user=login.user,
            password=login.password,
            database=login.database,
            server_settings={**SERVER_SETTINGS, "application_name": application},
        )
        return cls(await within(CONNECT_SECONDS, connecting))

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return bool(self._connection.is_closed())

    async def fetch(self, query: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """The rows of a statement; raises one of DRIVER_ERRORS.

        A statement that takes too long ends the session.
        """
        return [tuple(row) for row in await self._bounded(self._connection.fetch(query, *values))]

    async def listen(self, channel: str, heard: Callable[[str], None]) -> None:
        """Call `heard` with the payload of each notification on `channel`."""

        def deliver(_connection: object, _pid: int, _channel: str, payload: object) -> None:
            heard(str(payload))

        await self._bounded(self._connection.add_listener(channel, deliver))

    def when_lost(self, lost: Callable[[], None]) -> None:
        """Call `lost` when the session ends, for whatever reason."""

        def deliver(_connection: object) -> None:
            lost()

        self._connection.add_termination_listener(deliver)

    async def close(self) -> None:
        """End the session, by force when it does not answer."""
        try:
            await within(CLOSE_SECONDS, self._connection.close())
        except DRIVER_ERRORS:
            self._connection.terminate()

    async def _bounded(self, answer: Coroutine[Any, Any, Result]) -> Result:
        """Wait for an answer; the session ends with the first late one."""
        try:
            return await within(STATEMENT_SECONDS, answer)
        except TimeoutError:
            self._connection.terminate()
            raise


async def within(seconds: float, answer: Coroutine[Any, Any, Result]) -> Result:
    """The answer, or TimeoutError after so many seconds whatever becomes of it.

    The usual time limits cancel what is late and then wait until it has ended. Behind a network
    that drops every packet the driver's connect and its cancelled statements do not end, and who
    waits for them waits for ever.
    """
    task = asyncio.ensure_future(answer)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_forget)
    if not task.done():
        raise TimeoutError(f"no answer within {seconds:g} s")
    return task.result()


def _forget(late: "asyncio.Future[Any]") -> None:
    """Drop what came after all: an error nobody waits for, or a connection nobody uses."""
    if not late.cancelled() and late.exception() is None:
        end = getattr(late.result(), "terminate", None)
        if callable(end):
            end()

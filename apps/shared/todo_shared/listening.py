"""A database connection outside the pool, for LISTEN and for session locks.

The driver has no type information; this module is where its values get their types.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Sequence
from typing import Any, Final, Self

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

DRIVER_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class ListeningConnection:
    """One session; statements commit by themselves and must not overlap."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, login: Login, application: str) -> Self:
        """Connect; raises one of DRIVER_ERRORS."""
        return cls(
            await asyncpg.connect(
                host=login.host,
                port=login.port,
                user=login.user,
                password=login.password,
                database=login.database,
                timeout=CONNECT_SECONDS,
                command_timeout=STATEMENT_SECONDS,
                server_settings={**SERVER_SETTINGS, "application_name": application},
            )
        )

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return bool(self._connection.is_closed())

    async def fetch(self, query: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """The rows of a statement; raises one of DRIVER_ERRORS."""
        return [tuple(row) for row in await self._connection.fetch(query, *values)]

    async def listen(self, channel: str, heard: Callable[[str], None]) -> None:
        """Call `heard` with the payload of each notification on `channel`."""

        def deliver(_connection: object, _pid: int, _channel: str, payload: object) -> None:
            heard(str(payload))

        await self._connection.add_listener(channel, deliver)

    def when_lost(self, lost: Callable[[], None]) -> None:
        """Call `lost` when the session ends, for whatever reason."""

        def deliver(_connection: object) -> None:
            lost()

        self._connection.add_termination_listener(deliver)

    async def close(self) -> None:
        """End the session, by force when it does not answer."""
        try:
            await self._connection.close(timeout=2)
        except DRIVER_ERRORS:
            self._connection.terminate()

"""The database of a service: a pool whose credentials change while it is in use.

Each login has its own pool (a generation). Before a lease ends the next login is taken, tried, and
put in place by one assignment; work that began on the old pool ends there, then its user is given
back. No request ever meets a connection whose user is gone.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from todo_shared.credentials import CredentialSource, Login
from todo_shared.errors import UnavailableError
from todo_shared.failures import is_refused_login, is_transient
from todo_shared.listening import (
    CONNECT_SECONDS,
    DRIVER_ERRORS,
    SERVER_SETTINGS,
    STATEMENT_SECONDS,
    ListeningConnection,
)
from todo_shared.telemetry.metrics import CREDENTIAL_EXPIRY, CREDENTIAL_ROTATIONS
from todo_shared.vault import VaultError

_log = logging.getLogger(__name__)

_RETRY_PAUSES: Final = (0.05, 0.1, 0.2)
_LOGIN_PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
_ROTATE_AT: Final = 2 / 3
_DRAIN_SECONDS: Final = 10.0

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Generation:
    """One login with its pool, and how much work is using it."""

    login: Login
    engine: AsyncEngine
    autocommit: AsyncEngine
    ends_at: float
    users: int = 0
    unused: asyncio.Event = field(default_factory=asyncio.Event)

    def enter(self) -> None:
        """One more piece of work uses this login."""
        self.users += 1
        self.unused.clear()

    def leave(self) -> None:
        """A piece of work is done with this login."""
        self.users -= 1
        if self.users == 0:
            self.unused.set()


class Database:
    """Gives out connections; `start` and `stop` belong into the lifespan of the service."""

    def __init__(
        self,
        source: CredentialSource,
        *,
        application: str,
        pool_size: int = 10,
        acquire_seconds: float = 2.0,
    ) -> None:
        self._source = source
        self._application = application
        self._pool_size = pool_size
        self._acquire_seconds = acquire_seconds
        self._generation: _Generation | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._retired: set[asyncio.Task[None]] = set()
        self._renew_now = asyncio.Event()
        self._on_change: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change of credentials."""
        self._on_change.append(listener)

    async def start(self) -> None:
        """Begin to take logins; returns at once, whether or not the database is up yet."""
        self._keeper = asyncio.create_task(self._keep(), name="database-credentials")

    async def stop(self) -> None:
        """Close all connections and give the last login back."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        generation, self._generation = self._generation, None
        if generation is not None:
            self._retire(generation)
        if self._retired:
            await asyncio.gather(*self._retired)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[AsyncConnection]:
        """A connection on which each statement commits by itself.

        Raises UnavailableError when there is no login or no free connection in time.
        """
        async with self._using() as generation, generation.autocommit.connect() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """A connection in a transaction that commits when the block ends without an error."""
        async with self._using() as generation, generation.engine.begin() as connection:
            yield connection

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """The result of `work` on an autocommit connection; repeated when the connection breaks.

        Only for work that may be done twice. Raises UnavailableError after the last attempt.
        """
        for pause in (*_RETRY_PAUSES, None):
            try:
                async with self.connect() as connection:
                    return await work(connection)
            except Exception as error:
                if not is_transient(error):
                    raise
                if pause is None:
                    raise UnavailableError("the database is not available") from error
                _log.warning("database work is repeated: %s", error)
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def ready(self) -> bool:
        """Whether the database answers."""
        try:
            async with asyncio.timeout(1.0), self.connect() as connection:
                await connection.exec_driver_sql("SELECT 1")
        except Exception as error:
            if not is_transient(error):
                raise
            return False
        return True

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[ListeningConnection]:
        """A connection outside the pool, for LISTEN; its login stays valid until the block ends.

        Raises UnavailableError, or one of listening.DRIVER_ERRORS.
        """
        async with self._using() as generation:
            connection = await ListeningConnection.open(generation.login, self._application)
            try:
                yield connection
            finally:
                await connection.close()

    @asynccontextmanager
    async def _using(self) -> AsyncGenerator[_Generation]:
        generation = self._generation
        if generation is None:
            raise UnavailableError("there is no database login yet")
        generation.enter()
        try:
            yield generation
        except Exception as error:
            if is_refused_login(error):
                self._renew_now.set()
            raise
        finally:
            generation.leave()

    async def _keep(self) -> None:
        failures = 0
        while True:
            try:
                await self._rotate()
                failures = 0
                delay = self._until_rotation()
            except (VaultError, SQLAlchemyError, *DRIVER_ERRORS) as error:
                CREDENTIAL_ROTATIONS.labels("failed").inc()
                _log.warning("no new database login: %s", error)
                delay = _LOGIN_PAUSES[min(failures, len(_LOGIN_PAUSES) - 1)]
                failures += 1
                await self._lengthen()
            try:
                await asyncio.wait_for(self._renew_now.wait(), delay)
            except TimeoutError:
                continue
            self._renew_now.clear()
            # Credentials that are refused at once must not become a tight loop.
            await asyncio.sleep(_LOGIN_PAUSES[0])

    def _until_rotation(self) -> float | None:
        generation = self._generation
        if generation is None or generation.login.seconds == float("inf"):
            return None
        return max(generation.login.seconds * _ROTATE_AT, 0.5)

    async def _rotate(self) -> None:
        login = await self._source.take()
        engine = self._engine(login)
        try:
            async with asyncio.timeout(CONNECT_SECONDS), engine.connect() as connection:
                await connection.exec_driver_sql("SELECT 1")
        except BaseException:
            await engine.dispose()
            await self._give_back(login)
            raise
        old = self._generation
        self._generation = _Generation(
            login=login,
            engine=engine,
            autocommit=engine.execution_options(isolation_level="AUTOCOMMIT"),
            ends_at=time.monotonic() + login.seconds,
        )
        CREDENTIAL_ROTATIONS.labels("done").inc()
        CREDENTIAL_EXPIRY.set(time.time() + login.seconds)
        _log.info("database login is in place", extra={"database_user": login.user})
        for listener in self._on_change:
            listener()
        if old is not None:
            self._retire(old)

    async def _lengthen(self) -> None:
        """While no new login can be had, keep the present one alive."""
        generation = self._generation
        if generation is None or generation.login.lease is None:
            return
        try:
            seconds = await self._source.renew(generation.login)
        except VaultError as error:
            _log.warning("the database lease was not renewed either: %s", error)
            return
        generation.ends_at = time.monotonic() + seconds
        CREDENTIAL_EXPIRY.set(time.time() + seconds)

    def _retire(self, generation: _Generation) -> None:
        task = asyncio.create_task(self._drain(generation), name="database-drain")
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    async def _drain(self, generation: _Generation) -> None:
        if generation.users:
            try:
                await asyncio.wait_for(generation.unused.wait(), _DRAIN_SECONDS)
            except TimeoutError:
                users = {"users": generation.users}
                _log.warning("work outlived its database login", extra=users)
        await generation.engine.dispose()
        await self._give_back(generation.login)

    async def _give_back(self, login: Login) -> None:
        try:
            await self._source.give_back(login)
        except VaultError as error:
            _log.warning("the old database lease ends by itself: %s", error)

    def _engine(self, login: Login) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+asyncpg://",
            pool_size=self._pool_size,
            max_overflow=0,
            pool_timeout=self._acquire_seconds,
            pool_use_lifo=True,
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": STATEMENT_SECONDS,
                "server_settings": {**SERVER_SETTINGS, "application_name": self._application},
            },
        )

        @event.listens_for(engine.sync_engine, "do_connect")
        def _log_in(
            _dialect: Any, _entry: ConnectionPoolEntry, _args: Any, options: dict[str, Any]
        ) -> None:
            options.update(
                host=login.host,
                port=login.port,
                database=login.database,
                user=login.user,
                password=login.password,
            )

        return engine

"""Schema changes of a service: Alembic scripts in its package, run before the service starts.

`python -m <service>.migrate` brings the schema to its newest state; `python -m <service>.migrate
down <revision>` takes it back. Two runs at once wait for each other.

The service goes on working meanwhile. Each step is a transaction of its own, so the locks of one
end before the next begins, and no step waits for a lock longer than LOCK_SECONDS, for whoever
comes behind it in the queue waits as long. A step that waited in vain is repeated.
"""

import asyncio
import logging
import sys
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from alembic import command, context
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from todo_shared.credentials import CredentialSource, Login, credentials_from
from todo_shared.failures import is_transient, sqlstate
from todo_shared.listening import DRIVER_ERRORS
from todo_shared.settings import DatabaseSettings, ServiceSettings
from todo_shared.telemetry.logs import configure_logging
from todo_shared.vault import VaultError

_log = logging.getLogger(__name__)
# How long a change of the schema may hold up the requests behind it before it gives way.
LOCK_SECONDS: Final = 1.0
_LOCK: Final = 0x07B0A1E3
_WAIT_SECONDS: Final = 300.0
_PAUSE_SECONDS: Final = 1.0
_NO_SUCH_DATABASE: Final = "3D000"


def alembic_config(package: str) -> Config:
    """Where Alembic finds the scripts of `package`."""
    config = Config()
    config.set_main_option("script_location", str(files(package) / "migrations"))
    return config


async def migrate(login: Login, package: str, direction: str, revision: str) -> None:
    """Bring the database of `login` to `revision` of `package`, `up` or `down`."""
    engine = create_async_engine(
        "postgresql+asyncpg://",
        connect_args={
            "host": login.host,
            "port": login.port,
            "user": login.user,
            "password": login.password,
            "database": login.database,
        },
        poolclass=NullPool,
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run, package, direction, revision)
    finally:
        await engine.dispose()


def _run(connection: Connection, package: str, direction: str, revision: str) -> None:
    # Held until the connection ends; a second job waits here and finds nothing to do.
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
    connection.commit()
    config = alembic_config(package)
    config.attributes["connection"] = connection
    step = command.upgrade if direction == "up" else command.downgrade
    step(config, revision)


def run_steps(metadata: MetaData) -> None:
    """Entry of a service's migrations/env.py: run the steps that were asked for."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _when_reachable(source: CredentialSource, package: str, way: tuple[str, str]) -> None:
    deadline = asyncio.get_running_loop().time() + _WAIT_SECONDS
    while True:
        try:
            login = await source.take()
            try:
                await migrate(login, package, *way)
            finally:
                await source.give_back(login)
        except Exception as error:
            late = asyncio.get_running_loop().time() > deadline
            if late or not (isinstance(error, VaultError) or _not_there_yet(error)):
                raise
            _log.warning("the schema is tried again: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return


def _not_there_yet(error: Exception) -> bool:
    return is_transient(error) or sqlstate(error) == _NO_SUCH_DATABASE


def main(package: str, arguments: Sequence[str]) -> int:
    """Entry of a service's migrate module: `[up|down] [revision]`; returns the exit code."""
    direction, revision = _parse(arguments)
    settings = ServiceSettings.from_environment()
    configure_logging(f"{package}-migrate", settings.environment, settings.log_level)
    source = credentials_from(DatabaseSettings.from_environment())
    try:
        asyncio.run(_when_reachable(source, package, (direction, revision)))
    except (VaultError, CommandError, SQLAlchemyError, *DRIVER_ERRORS):
        _log.exception("the schema of %s was not changed to %s", package, revision)
        return 1
    _log.info("the schema of %s is at %s", package, revision)
    return 0


def _parse(arguments: Sequence[str]) -> tuple[str, str]:
    match list(arguments):
        case [] | ["up"]:
            return "up", "head"
        case ["up" | "down" as direction, revision]:
            return direction, revision
        case _:
            sys.exit("usage: python -m <service>.migrate [up [revision] | down <revision>]")

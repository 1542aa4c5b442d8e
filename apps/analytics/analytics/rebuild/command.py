"""The command line of a rebuild. Run it where the service runs: it reads the same environment."""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from analytics import APP_ID
from analytics.rebuild.replay import NothingRetainedError, Outcome, rebuild
from analytics.repository.rebuilding import RebuildOverError, RebuildRepository
from analytics.settings import RebuildSettings
from todo_shared.credentials import credentials_from
from todo_shared.database import Database
from todo_shared.errors import UnavailableError
from todo_shared.settings import DatabaseSettings, SettingsError
from todo_shared.telemetry.logs import configure_logging
from todo_shared.topic_reader import BrokerUnavailableError, TopicReader

_LOGIN_SECONDS: Final = 15.0
_FAILURES: Final = (
    SettingsError,
    UnavailableError,
    BrokerUnavailableError,
    NothingRetainedError,
    RebuildOverError,
)


def main(given: Sequence[str]) -> int:
    """Run a command line; 0 when done, 1 with one line on stderr when not."""
    asked = _arguments(given)
    try:
        asyncio.run(_discard() if asked.discard else _rebuild(switch=not asked.dry_run))
    except _FAILURES as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m analytics.rebuild",
        description="Build the projections anew from what the broker keeps, beside those in use, "
        "and put them in place. Stopped, it goes on where it was when it is run again.",
    )
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--dry-run", action="store_true", help="compare, but keep what is in use")
    ways.add_argument("--discard", action="store_true", help="give up a rebuild that was stopped")
    return parser.parse_args(given)


async def _rebuild(*, switch: bool) -> None:
    settings = RebuildSettings.from_environment()
    configure_logging(f"{APP_ID}-rebuild", settings.environment, settings.log_level)
    async with _database() as database:
        with TopicReader(
            settings.connection(),
            f"{settings.topic_prefix}{APP_ID}-rebuild",
            settings.wait_seconds,
        ) as reader:
            repository = RebuildRepository(database)
            outcome = await rebuild(repository, reader, settings.topic_prefix, switch=switch)
    for line in _lines(outcome, switch=switch):
        print(line)


def _lines(outcome: Outcome, *, switch: bool) -> list[str]:
    begun = "went on with" if outcome.resumed else "began"
    lines = [f"{begun} a rebuild: {outcome.fresh} events, {outcome.unreadable} unreadable messages"]
    if outcome.horizon is not None:
        lines.append(f"what was before {outcome.horizon} has expired and was carried over")
    lines += [str(table) for table in outcome.tables]
    changed = "nothing differs" if all(table.alike for table in outcome.tables) else "they differ"
    place = "the rebuilt projections are in use" if switch else "the old ones stay in use"
    return [*lines, f"{changed}; {place}"]


async def _discard() -> None:
    async with _database() as database:
        was_open = await RebuildRepository(database).give_up()
    print("the rebuild is given up" if was_open else "there was no open rebuild")


@asynccontextmanager
async def _database() -> AsyncGenerator[Database]:
    settings = DatabaseSettings.from_environment()
    database = Database(credentials_from(settings), application=f"{APP_ID}-rebuild", pool_size=1)
    await database.start()
    try:
        deadline = asyncio.get_running_loop().time() + _LOGIN_SECONDS
        while not await database.ready():
            if asyncio.get_running_loop().time() > deadline:
                raise UnavailableError("the database is not available")
            await asyncio.sleep(0.1)
        yield database
    finally:
        await database.stop()

"""`python -m notifications.replay failed`: send again what has failed.

Each gets six more attempts, with the same idempotency key as before. Run it where the service runs:
it reads the same environment.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import Final

from notifications import APP_ID
from notifications.models.recipient import Channel
from notifications.repository.deliveries import PostgresDeliveryRepository
from todo_shared.credentials import credentials_from
from todo_shared.database import Database
from todo_shared.errors import UnavailableError
from todo_shared.settings import DatabaseSettings, SettingsError

BATCH: Final = 500
_LOGIN_SECONDS: Final = 15.0


def main(given: Sequence[str]) -> int:
    """Run a command line; 0 when done, 1 with one line on stderr when not."""
    asked = _arguments(given)
    try:
        count = asyncio.run(_replay(asked.channel, asked.limit, dry_run=asked.dry_run))
    except (SettingsError, UnavailableError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    print(f"{count} {'would be sent' if asked.dry_run else 'are sent'} again")
    return 0


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m notifications.replay", description=__doc__)
    parser.add_argument("which", choices=["failed"], help="which deliveries")
    parser.add_argument("--channel", choices=[each.value for each in Channel], help="only of this")
    parser.add_argument("--limit", type=int, default=100_000, help="at most so many (%(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="only count them")
    return parser.parse_args(given)


async def _replay(channel: str | None, limit: int, *, dry_run: bool) -> int:
    settings = DatabaseSettings.from_environment()
    database = Database(credentials_from(settings), application=f"{APP_ID}-replay", pool_size=1)
    deliveries = PostgresDeliveryRepository(database)
    step = deliveries.failed if dry_run else deliveries.replay_failed
    count, last = 0, 0
    await database.start()
    try:
        await _reachable(database)
        # Upwards by id: what fails again meanwhile is not met a second time.
        while count < limit:
            batch = min(BATCH, limit - count)
            ids = await step(channel, last, batch)
            if not ids:
                break
            count, last = count + len(ids), ids[-1]
    finally:
        await database.stop()
    return count


async def _reachable(database: Database) -> None:
    deadline = asyncio.get_running_loop().time() + _LOGIN_SECONDS
    while not await database.ready():
        if asyncio.get_running_loop().time() > deadline:
            raise UnavailableError("the database is not available")
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

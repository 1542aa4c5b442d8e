"""The command line of the read copies: backfill, check, status, admit."""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from tasks.read_copy.admission import Admission
from tasks.read_copy.backfill import Backfill, BackfillPace, BackfillRefusedError
from tasks.read_copy.consistency import ConsistencyCheck
from tasks.read_copy.copies import BATCH_SECONDS
from tasks.read_copy.copying import COPY_ERRORS, BatchCopying
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import PhaseRecords
from tasks.read_copy.records import CopyRecords
from tasks.read_copy.settings import ReadCopySettings
from tasks.read_copy.status import status_of
from todo_shared.credentials import credentials_from
from todo_shared.dapr import DaprStateService, Sidecar
from todo_shared.database import Database
from todo_shared.settings import DatabaseSettings, ServiceSettings, SettingsError

_ABOUT: Final = "Copies of tasks in the state store. `backfill` and `check` need the sidecar."
_START_PAUSES: Final = (0.1, 0.2, 0.5, *(1.0,) * 30)


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """What was asked for; ends the process with code 2 and a reason when it makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m tasks.read_copy", description=_ABOUT)
    verbs = parser.add_subparsers(dest="verb", required=True)
    filling = verbs.add_parser(
        "backfill", help="copy the tasks of before; may be ended at any time"
    )
    filling.add_argument("--batch", type=int, default=1000, help="tasks a batch (%(default)s)")
    filling.add_argument("--rate", type=float, help="tasks a second at most")
    filling.add_argument("--restart", action="store_true", help="begin anew")
    filling.add_argument(
        "--replace", action="store_true", help="write over newer copies, after a restore"
    )
    checking = verbs.add_parser("check", help="compare all copies; 1 when any differs")
    checking.add_argument(
        "--examples", type=int, default=20, help="differences shown (%(default)s)"
    )
    asking = verbs.add_parser("status", help="show the phase and what the next depends on")
    for verb in (checking, asking):
        verb.add_argument("--json", action="store_true", help="print one JSON object")
    admitting = verbs.add_parser("admit", help="begin a phase; 1 with the reasons when refused")
    admitting.add_argument("mode", type=ReadCopyMode, choices=list(ReadCopyMode), metavar="MODE")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Run a command line; 0 when done, 1 with the reason on stderr when not."""
    asked = arguments(given)
    try:
        return asyncio.run(_VERBS[asked.verb](asked))
    except (SettingsError, BackfillRefusedError, *COPY_ERRORS) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


@asynccontextmanager
async def _database() -> AsyncGenerator[Database]:
    """The database of the environment, once it answers. Raises UnavailableError."""
    database = Database(
        credentials_from(DatabaseSettings.from_environment()), application="read-copy", pool_size=4
    )
    await database.start()
    try:
        for pause in _START_PAUSES:
            if await database.ready():
                break
            await asyncio.sleep(pause)
        yield database
    finally:
        await database.stop()


@asynccontextmanager
async def _store() -> AsyncGenerator[DaprStateService]:
    settings = ServiceSettings.from_environment()
    async with Sidecar(settings.sidecar_url, settings.sidecar_token) as sidecar:
        name = ReadCopySettings.from_environment().read_copy_store
        yield DaprStateService(sidecar, name, BATCH_SECONDS)


async def _backfill(asked: argparse.Namespace) -> int:
    async with _database() as database, _store() as store:
        if asked.restart:
            await PhaseRecords(database).begin_backfill()
        records = CopyRecords(database)
        backfill = Backfill(database, records, BatchCopying(store, records))
        await backfill.run(BackfillPace(asked.batch, asked.rate), _tell, replace=asked.replace)
    return 0


async def _check(asked: argparse.Namespace) -> int:
    async with _database() as database, _store() as store:
        check = ConsistencyCheck(store, CopyRecords(database), examples=asked.examples)
        report = await check.run()
    if asked.json:
        _tell(report.model_dump_json())
    else:
        _tell(
            f"{report.checked} checked: {report.missing} missing, {report.surplus} surplus, "
            f"{report.differing} differing"
        )
        for each in report.examples:
            _tell(f"{each.kind}: {each.key}")
    return 1 if report.differences else 0


async def _status(asked: argparse.Namespace) -> int:
    async with _database() as database:
        status = await status_of(database)
    if asked.json:
        _tell(status.model_dump_json())
        return 0
    for name, value in status.model_dump(mode="json", exclude={"last_check"}).items():
        _tell(f"{name}: {'-' if value is None else value}")
    if status.last_check is not None:
        _tell(f"last_check_differences: {status.last_check.differences}")
    return 0


async def _admit(asked: argparse.Namespace) -> int:
    mode: ReadCopyMode = asked.mode
    min_reads = ReadCopySettings.from_environment().read_copy_min_reads
    async with _database() as database:
        reasons = await Admission(database, min_reads=min_reads).admit(mode)
    for reason in reasons:
        sys.stderr.write(f"{mode} is refused: {reason}\n")
    return 1 if reasons else 0


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


_VERBS: Final[dict[str, Callable[[argparse.Namespace], Coroutine[Any, Any, int]]]] = {
    "backfill": _backfill,
    "check": _check,
    "status": _status,
    "admit": _admit,
}

"""A task-service whose tasks are copied into a real state store."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from daprd import Daprd
from postgres import PostgresServer
from running_app import eventually, running
from state_store import STORE, state_sidecar

from tasks.app import create_app
from tasks.read_copy.admission import Admission
from tasks.read_copy.copying import BatchCopying
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import PhaseRecords
from tasks.read_copy.records import CopyRecords
from tasks.read_copy.settings import ReadCopySettings
from todo_shared.credentials import StaticCredentials
from todo_shared.dapr import DaprStateService, Sidecar
from todo_shared.database import Database
from todo_shared.settings import DatabaseSettings, ServiceSettings

LEGACY = """
    INSERT INTO tasks (id, user_id, title, description, status, due_date, created_at, updated_at,
                       completed_at, deleted_at, version, request_digest)
    SELECT gen_random_uuid(), 'user-' || n % 1000, 'task ' || n,
           CASE WHEN n % 3 = 0 THEN 'what “legacy” said about ' || n END,
           CASE WHEN n % 4 = 0 THEN 'completed' ELSE 'pending' END,
           CASE WHEN n % 2 = 0 THEN now() + n * interval '1 minute' END,
           now() - n * interval '1 minute', now(), CASE WHEN n % 4 = 0 THEN now() END,
           CASE WHEN n % 50 = 0 THEN now() END, 1 + n % 5, ''
    FROM generate_series(1, {count}) AS n
"""


@dataclass
class Stack:
    """A database, a sidecar with a state store, and what the copies are made of."""

    url: str
    database: Database
    sidecar: Sidecar
    daprd: Daprd
    store: DaprStateService
    postgres: PostgresServer

    @property
    def records(self) -> CopyRecords:
        return CopyRecords(self.database)

    @property
    def phases(self) -> PhaseRecords:
        return PhaseRecords(self.database)

    @property
    def copying(self) -> BatchCopying:
        return BatchCopying(self.store, self.records)

    async def legacy(self, count: int) -> None:
        """Tasks from before there were copies; one in fifty is deleted."""
        await self.sql(LEGACY.format(count=count))

    async def sql(self, statement: str) -> list[tuple[object, ...]]:
        """The rows of a statement, run as superuser."""
        rows = await self.postgres.execute(statement, self.url.rpartition("/")[2])
        return [tuple(row) for row in rows]

    async def jump(self, mode: ReadCopyMode) -> None:
        """Be in a phase without having been admitted to it."""
        await self.sql(f"UPDATE read_copy_phase SET mode = '{mode}', since = now()")

    async def admit(self, mode: ReadCopyMode, min_reads: int = 1) -> list[str]:
        """The reasons against a phase."""
        return await Admission(self.database, min_reads=min_reads, check_seconds=60).admit(mode)

    @asynccontextmanager
    async def service(self, mode: ReadCopyMode) -> AsyncIterator[str]:
        """The address of a replica, once it goes by the phase."""
        settings = ReadCopySettings(
            read_copy_mode=mode,
            read_copy_store=STORE,
            read_copy_poll_seconds=0.2,
            # On a busy machine a copy may take long; one that is cut off is rightly made later.
            read_copy_seconds=2.0,
        )
        app = create_app(
            ServiceSettings(sidecar_url=self.daprd.url, port=1),
            DatabaseSettings(database_url=self.url),
            copy_settings=settings,
        )
        async with running(app) as url:
            if mode is not ReadCopyMode.POSTGRES:
                await eventually(lambda: app.state.copies.phase.since is not None)
            yield url

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to work on the same database and store."""
        return os.environ | {
            "DATABASE_URL": self.url,
            "SIDECAR_URL": self.daprd.url,
            "READ_COPY_STORE": STORE,
        }

    async def start(self, *arguments: str, **extra: str) -> asyncio.subprocess.Process:
        """Begin `python -m <arguments>`."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *arguments),
            env=self.environment | extra,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def command(self, *arguments: str, **extra: str) -> tuple[int, str]:
        """Exit code and output of `python -m <arguments>`."""
        process = await self.start(*arguments, **extra)
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, (out + err).decode()


@asynccontextmanager
async def read_copy_stack(
    postgres: PostgresServer, tasks_url: str, folder: Path
) -> AsyncIterator[Stack]:
    """A stack over a migrated database; the state store is a database beside it."""
    state = f"{tasks_url.rpartition('/')[2]}_state"
    await postgres.execute(f"CREATE DATABASE {state}")
    database = Database(StaticCredentials(tasks_url), application="test")
    async with state_sidecar(folder, postgres.url(state)) as (sidecar, daprd):
        await database.start()
        await eventually(database.ready)
        try:
            store = DaprStateService(sidecar, STORE, 20)
            yield Stack(tasks_url, database, sidecar, daprd, store, postgres)
        finally:
            await database.stop()

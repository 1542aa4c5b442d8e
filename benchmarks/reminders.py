"""How late reminders are: 50 due in the same second, and 1,000 due in the same minute.

python benchmarks/reminders.py [--replicas 2]

Real PostgreSQL, the scheduler's own timer, one process a replica; beside it the floor: an asyncio
timer alone, and one UPDATE alone. Lateness is told by the database, which also decides who fires.
"""

import argparse
import asyncio
import itertools
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

TESTS = Path(__file__).parents[1] / "tests" / "integration"
# The server and the sidecar are those of the tests, which are no package.
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS / "apps"))

from postgres import PostgresServer, free_port  # noqa: E402
from recording_sidecar import RecordingSidecar  # noqa: E402

from todo_shared.credentials import StaticCredentials  # noqa: E402
from todo_shared.ids import uuid7  # noqa: E402
from todo_shared.migrations import migrate  # noqa: E402

TARGET_MS = 500.0
TARGET_SHARE = 0.999
READY_SECONDS = 60
_names = itertools.count(1)

Lateness = list[float]


async def database(server: PostgresServer) -> str:
    """The URL of a fresh, migrated database."""
    name = f"reminders_{next(_names)}"
    await server.execute(f"CREATE DATABASE {name}")
    await migrate(await StaticCredentials(server.url(name)).take(), "scheduler", "up", "head")
    return server.url(name)


@asynccontextmanager
async def replicas(url: str, number: int) -> AsyncIterator[None]:
    """So many scheduler processes over one database, all of them alive."""
    async with RecordingSidecar() as sidecar:
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "scheduler",
                env=os.environ
                | {
                    "PORT": str(free_port()),
                    "HOST": "127.0.0.1",
                    "DATABASE_URL": url,
                    "SIDECAR_URL": sidecar.url,
                    "WAKE_UP": "interval",
                    "LOG_LEVEL": "ERROR",
                },
                stdout=asyncio.subprocess.DEVNULL,
            )
            for _ in range(number)
        ]
        try:
            connection = await asyncpg.connect(url)
            deadline = time.monotonic() + READY_SECONDS
            while await connection.fetchval("SELECT count(*) FROM replicas") < number:
                if time.monotonic() > deadline:
                    raise TimeoutError("the replicas did not start")
                await asyncio.sleep(0.1)
            await connection.close()
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                await process.wait()


async def store(connection: asyncpg.Connection, delays: list[float]) -> None:
    """One pending reminder for each delay, of a user of its own, told to the replicas."""
    rows = [
        (uuid7(), random.randrange(64), f"user-{each}", delay) for each, delay in enumerate(delays)
    ]
    await connection.executemany(
        """WITH armed AS (
               INSERT INTO reminders (id, task_id, user_id, shard, channel, offset_minutes,
                   automatic, trigger_time, armed_at, status, created_at, traceparent,
                   correlation_id)
               VALUES ($1, 'task', $3, $2, 'email', 0, true,
                       clock_timestamp() + make_interval(secs => $4), clock_timestamp(),
                       'pending', clock_timestamp(), '', '')
               RETURNING id, shard, trigger_time)
           SELECT pg_notify('reminders', concat_ws(' ', id, shard,
                            (extract(epoch FROM trigger_time) * 1000000)::bigint)) FROM armed""",
        rows,
    )


async def lateness(url: str, delays: list[float]) -> Lateness:
    """Milliseconds that each reminder was late; infinite for one that never fired."""
    connection = await asyncpg.connect(url)
    await store(connection, delays)
    await asyncio.sleep(max(delays) + 3)
    rows = await connection.fetch(
        "SELECT extract(epoch FROM fired_at - trigger_time)::float8 * 1000 AS late FROM reminders"
    )
    await connection.close()
    return [float("inf") if row["late"] is None else row["late"] for row in rows]


async def floor_timer(delays: list[float]) -> Lateness:
    """An asyncio timer for each reminder, and nothing else."""
    loop = asyncio.get_running_loop()
    late: Lateness = []
    start = loop.time()
    for delay in delays:
        due = start + delay
        loop.call_at(due, lambda due=due: late.append((loop.time() - due) * 1000))
    await asyncio.sleep(max(delays) + 0.5)
    return late


async def floor_update(url: str) -> Lateness:
    """One UPDATE of one row by its key, again and again."""
    connection = await asyncpg.connect(url)
    await store(connection, [3600.0] * 200)
    late: Lateness = []
    for row in await connection.fetch("SELECT id FROM reminders"):
        started = time.perf_counter()
        await connection.execute(
            "UPDATE reminders SET status = 'triggered' WHERE id = $1 AND status = 'pending'",
            row["id"],
        )
        late.append((time.perf_counter() - started) * 1000)
    await connection.close()
    return late


def add(table: Table, name: str, late: Lateness) -> bool:
    """One line of the table; whether the target was met."""
    ordered = sorted(late)
    share = sum(each <= TARGET_MS for each in late) / len(late)
    cuts = [
        ordered[min(int(len(ordered) * part), len(ordered) - 1)] for part in (0.95, 0.99, 0.999)
    ]
    figures = [statistics.median(ordered), *cuts, ordered[-1]]
    early = sum(each < 0 for each in late)
    table.add_row(
        name, str(len(late)), *(f"{each:.1f}" for each in figures), f"{share:.2%}", str(early)
    )
    return share >= TARGET_SHARE and not early


async def measure(number: int) -> int:
    """Print the table; 1 when the target was missed."""
    same_second = [20 + random.random() for _ in range(50)]
    same_minute = [20 + random.uniform(0, 60) for _ in range(1000)]
    table = Table(
        *("what", "n", "p50", "p95", "p99", "p99.9", "max", "within 500 ms", "early"),
        title=f"reminder lateness in ms, {number} replicas",
    )
    with tempfile.TemporaryDirectory(prefix="reminders-") as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            met: list[bool] = []
            for name, delays in (
                ("50 in one second", same_second),
                ("1,000 in one minute", same_minute),
                ("1,000 at one instant", [20.0] * 1000),
            ):
                url = await database(server)
                async with replicas(url, number):
                    met.append(add(table, name, await lateness(url, delays)))
            short = [delay - 20 for delay in same_minute]
            add(table, "floor: timer alone", await floor_timer(short))
            add(table, "floor: one UPDATE alone", await floor_update(await database(server)))
        finally:
            server.stop()
    Console().print(table)
    return int(not all(met[:2]))


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=2, help="how many processes")
    return asyncio.run(measure(parser.parse_args().replicas))


if __name__ == "__main__":
    sys.exit(main())

"""What this machine can do at most: a bare API, single-row commits, acknowledged produces.

Each is a real server of the same kind as the platform's, alone, with its data on the same disk.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import asyncpg
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from ballast.gate.samples import quantile
from ballast.paths import state_dir

TESTS: Final = Path(__file__).parents[2] / "tests" / "integration"
# The servers are those of the tests, which are no package.
sys.path.insert(0, str(TESTS))

from broker import Broker  # noqa: E402
from ports import free_port  # noqa: E402
from postgres import PostgresServer  # noqa: E402

from todo_shared.ids import uuid7  # noqa: E402
from workload.raw_api import INSERT, TABLE  # noqa: E402

LINES: Final = 32
START_SECONDS: Final = 30.0
EVENT: Final = b'{"specversion":"1.0"' + b" " * 900 + b"}"
Act = Callable[[int], Awaitable[object]]


@dataclass(frozen=True)
class Limit:
    """How many a second when many ask at once, and the p95 in milliseconds of one that is alone."""

    name: str
    rate: float
    alone_ms: float


def limits(seconds: float) -> Iterator[Limit]:
    """Each limit, measured for `seconds` with many and as long alone."""
    state_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="limits-", dir=state_dir()) as name:
        folder = Path(name)
        server = PostgresServer(folder / "postgres", fsync="on")
        server.start()
        try:
            yield asyncio.run(_commits(server.url("postgres"), seconds))
            yield _api(server.url("postgres"), seconds)
        finally:
            server.stop()
        broker = Broker(folder / "kafka")
        broker.start()
        try:
            yield produces(broker.address, seconds)
        finally:
            broker.stop()


async def _commits(url: str, seconds: float) -> Limit:
    connections = [await asyncpg.connect(url) for _ in range(LINES)]
    await connections[0].execute(TABLE)

    async def commit(line: int) -> None:
        at = asyncio.get_running_loop().time()
        await connections[line].execute(INSERT, uuid7(), f"user-{line}", f"title {at}", None)

    limit = await _many_and_one("PostgreSQL: one row, one commit (asyncpg)", commit, seconds)
    for connection in connections:
        await connection.close()
    return limit


def _api(url: str, seconds: float) -> Limit:
    port = free_port()
    with _serving(port, url):
        return asyncio.run(_creates(port, seconds))


@contextmanager
def _serving(port: int, url: str) -> Generator[None]:
    paths = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "workload.raw_api", str(port), url],
        env=os.environ | {"PYTHONPATH": paths},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


async def _creates(port: int, seconds: float) -> Limit:
    url = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession(url) as session:

        async def create(line: int) -> None:
            async with session.post("/tasks", json={"title": f"title {line}"}) as answer:
                answer.raise_for_status()
                await answer.read()

        await _answering(create)
        return await _many_and_one("FastAPI create without Dapr (and one commit)", create, seconds)


async def _answering(create: Act) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            await create(0)
        except aiohttp.ClientConnectionError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.1)
        else:
            return


async def _many_and_one(name: str, act: Act, seconds: float) -> Limit:
    many = await _repeated(act, LINES, seconds)
    alone = await _repeated(act, 1, seconds)
    return Limit(name, len(many) / seconds, quantile(alone, 0.95) * 1000)


async def _repeated(act: Act, lines: int, seconds: float) -> list[float]:
    """How long each took, of `lines` that each act again and again."""
    took: list[float] = []
    end = time.monotonic() + seconds

    async def line(number: int) -> None:
        while (began := time.monotonic()) < end:
            await act(number)
            took.append(time.monotonic() - began)

    await asyncio.gather(*(line(number) for number in range(lines)))
    return took


def produces(address: str, seconds: float, topic: str = "limit") -> Limit:
    """Produces with acks=all: as fast as the broker takes them, then one by one."""
    admin = AdminClient({"bootstrap.servers": address})
    for made in admin.create_topics([NewTopic(topic, 6, 1)]).values():
        made.result(START_SECONDS)
    producer = Producer({"bootstrap.servers": address, "acks": "all", "linger.ms": 5})
    acknowledged = 0

    def taken(error: object, _: object) -> None:
        nonlocal acknowledged
        acknowledged += error is None

    began = time.monotonic()
    while time.monotonic() < began + seconds:
        try:
            producer.produce(topic, EVENT, key=str(acknowledged), on_delivery=taken)
        except BufferError:
            producer.poll(0.01)
        producer.poll(0)
    producer.flush(START_SECONDS)
    rate = acknowledged / (time.monotonic() - began)
    single = Producer({"bootstrap.servers": address, "acks": "all", "linger.ms": 0})
    alone: list[float] = []
    end = time.monotonic() + seconds
    while (sent := time.monotonic()) < end:
        single.produce(topic, EVENT, key="user")
        single.flush(START_SECONDS)
        alone.append(time.monotonic() - sent)
    return Limit("Kafka: produce, acks=all (confluent-kafka)", rate, quantile(alone, 0.95) * 1000)

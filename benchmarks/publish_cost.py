"""What publishing adds to the API's p95: blocks with the relay at work and without, side by side.

python benchmarks/publish_cost.py [--pairs 6] [--block 15] [--rate 30] [--json FILE]

Blocks come in ABBA order (on, off, off, on, ...) at one rate. To switch publishing off, a session
of PostgreSQL takes the locks of all shards of the outbox, as another relay would, and publishes
nothing: task-service's relays wait, sidecar, broker and consumers have nothing to do, and the
statement of a create is the same. Afterwards the locks go, and what has waited is published before
the next block.
Exit code 1 when publishing adds more than 5 ms.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from rich.console import Console
from rich.table import Table
from workload.clients import Clients, acknowledged
from workload.environment import Environment, load_of_machine, name_of_run, open_environment
from workload.histograms import total

from ballast.errors import BallastError
from ballast.gate.pods import pod_state
from ballast.gate.samples import quantile
from ballast.names import DATABASE_NAMESPACE, database_name
from todo_shared.outbox import SHARDS
from todo_shared.relay import LOCK_SPACE

LIMIT_MS = 5.0
DRAIN_SECONDS = 60.0
MARK = "publishing held"


def order_of(pairs: int) -> Iterator[bool]:
    """Whether publishing is on, block for block: on off, off on, ..."""
    for pair in range(pairs):
        yield pair % 2 == 0
        yield pair % 2 == 1


def statements(seconds: float) -> str:
    """Wait for the locks of all shards, say so, hold them for `seconds`."""
    locks = "".join(f"SELECT pg_advisory_lock({LOCK_SPACE}, {shard});\n" for shard in range(SHARDS))
    return f"{locks}SELECT '{MARK}';\nSELECT pg_sleep({seconds});\n"


class Postgres:
    """The environment's database of tasks, asked by `psql` in its pod."""

    def __init__(self, environment: Environment) -> None:
        api = environment.api
        pods = api.list("v1", "Pod", DATABASE_NAMESPACE, "app.kubernetes.io/name=postgres")
        self._api = api
        self._pod = pod_state(pods[0]).name
        self._database = database_name("task-service", environment.name)

    def run(self, text: str, timeout: float = 30.0) -> str:
        """The rows of statements, a line each; raises BallastError when they fail."""
        command = ["psql", "-U", "postgres", "-d", self._database, "-qAt", "-v", "ON_ERROR_STOP=1"]
        return self._api.exec(
            DATABASE_NAMESPACE, self._pod, command,
            container="postgres", stdin=text.encode(), timeout=timeout,
        )  # fmt: skip

    def waiting(self) -> int:
        """Events in the outbox."""
        return int(self.run("SELECT count(*) FROM outbox;"))

    def held(self) -> int:
        """Shards whose lock somebody of ours holds."""
        return int(
            self.run(
                "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
                f"WHERE locktype = 'advisory' AND classid = {LOCK_SPACE} AND granted "
                "AND application_name = 'psql';"
            )
        )

    def drained(self) -> float:
        """Seconds until the outbox was empty; BallastError when it was not in time."""
        began = time.monotonic()
        while self.waiting():
            if time.monotonic() > began + DRAIN_SECONDS:
                raise BallastError("the outbox does not become empty", "Is the broker up?")
            time.sleep(0.2)
        return time.monotonic() - began

    @contextmanager
    def publishing_held(self, seconds: float) -> Generator[None]:
        """No relay publishes inside of the block, for at most `seconds`."""
        problems: list[BallastError] = []

        def hold() -> None:
            try:
                self.run(statements(seconds), timeout=seconds + 60)
            except BallastError as problem:
                problems.append(problem)

        session = Thread(target=hold, daemon=True)
        session.start()
        until = time.monotonic() + 20
        while self.held() < SHARDS:
            if problems or time.monotonic() > until:
                raise BallastError(f"the outbox cannot be held: {problems or 'no lock'}")
            time.sleep(0.1)
        try:
            yield
        finally:
            self.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'SELECT pg_sleep%' AND application_name = 'psql';"
            )
            session.join()


def block(clients: Clients, rate: float, seconds: float) -> tuple[float, float]:
    """p50 and p95 in milliseconds of one block of creates."""
    first = len(clients.creates)
    end = time.monotonic() + seconds
    asyncio.run(clients.play(rate, lambda _: time.monotonic() < end, seed=first))
    made = acknowledged(clients.creates[first:])
    if len(made) < len(clients.creates) - first:
        raise BallastError("creates failed: there is nothing to compare")
    taken = [create.latency * 1000 for create in made]
    return quantile(taken, 0.5), quantile(taken, 0.95)


def published(environment: Environment) -> float:
    """Events that the relays have handed to the broker so far."""
    pages = environment.pages("task-service")
    return total(pages, "event_publish_latency_seconds_count")


def measure(asked: argparse.Namespace, console: Console) -> int:
    """Play the blocks and print; 1 when publishing adds more than the limit."""
    run = name_of_run("publish")
    blocks: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    with open_environment(asked.environment) as environment:
        postgres = Postgres(environment)
        clients = Clients(environment.url, environment.users(run, asked.users), run)
        block(clients, asked.rate, asked.block)
        for on in order_of(asked.pairs):
            postgres.drained()
            time.sleep(asked.rest)
            before = published(environment)
            if on:
                figures = block(clients, asked.rate, asked.block)
            else:
                with postgres.publishing_held(asked.block + 60):
                    figures = block(clients, asked.rate, asked.block)
                    if published(environment) != before:
                        raise BallastError("events were published while publishing was held")
            blocks[on].append(figures)
            word = "on " if on else "off"
            console.log(f"{word} p50 {figures[0]:.1f} p95 {figures[1]:.1f} ms, {load_of_machine()}")
        postgres.drained()
    table, added = result(blocks[True], blocks[False])
    console.print(table)
    console.print(f"publishing adds {added:.1f} ms to p95, limit {LIMIT_MS:g} ms")
    if asked.json:
        told = {"on": blocks[True], "off": blocks[False], "added_p95_ms": added}
        asked.json.write_text(json.dumps(told, indent=1))
    return int(added > LIMIT_MS)


def result(
    on: Sequence[tuple[float, float]], off: Sequence[tuple[float, float]]
) -> tuple[Table, float]:
    """The table, and the median over pairs of what publishing adds to p95."""
    table = Table("figure", "on", "off", "added, median of pairs", "least", "most")
    added: list[float] = []
    for name, place in (("p50 ms", 0), ("p95 ms", 1)):
        with_it, without = [each[place] for each in on], [each[place] for each in off]
        added = [a - b for a, b in zip(with_it, without, strict=True)]
        figures = [
            statistics.median(with_it), statistics.median(without),
            statistics.median(added), min(added), max(added),
        ]  # fmt: skip
        table.add_row(name, *(f"{each:.1f}" for each in figures))
    return table, statistics.median(added)


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=6, help="of one block on and one off")
    parser.add_argument("--block", type=float, default=15.0, help="seconds of a block")
    parser.add_argument("--rest", type=float, default=2.0, help="seconds before a block")
    parser.add_argument("--rate", type=float, default=30.0, help="creates a second")
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--environment", default="dev")
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    try:
        return measure(parser.parse_args(), Console())
    except BallastError as wrong:
        print(f"{wrong}. {wrong.fix}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

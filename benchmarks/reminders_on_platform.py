"""How late reminders are on the running platform: 50 due in a second, 1,000 due in a minute.

python benchmarks/reminders_on_platform.py [--environment dev] [--json FILE]

Users create tasks with a due date through the gateway; each then owes one reminder. From the
user's own deliveries: the scheduler's lateness (due to triggered), the consumer's time (triggered
to recorded by notification-service), and both together. Exit code 1 when fewer than 99.9 % were
recorded within 500 ms, one came early, or one did not come or came twice. `reminders.py` measures
the scheduler alone.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from workload.clients import Clients, Create, acknowledged
from workload.environment import Environment, load_of_machine, name_of_run, open_environment
from workload.readback import REMINDER_SUBJECT, Outcome, read_back

from ballast.errors import BallastError
from ballast.gate.samples import quantile

TARGET_MS, TARGET_SHARE = 500.0, 0.999
RATE = 40.0
LEAD_SECONDS = 15.0


@dataclass(frozen=True)
class Reminded:
    """One reminder: Unix times at which it was due, triggered, and recorded."""

    due: float
    triggered: float
    recorded: float


@dataclass(frozen=True)
class Case:
    """So many reminders that are due evenly by chance within `spread` seconds."""

    name: str
    number: int
    spread: float
    judged: bool = True


CASES = (
    Case("50 in one second", 50, 1.0),
    Case("1,000 in one minute", 1000, 60.0),
    Case("1,000 at one instant", 1000, 0.0, judged=False),
)


def reminded(creates: Sequence[Create], outcome: Outcome) -> list[Reminded]:
    """What the deliveries of reminders say, for the creates that have one."""
    due = {create.task: create.due for create in creates if create.due is not None}
    return [
        Reminded(due[task], _unix(item["event_time"]), _unix(item["created_at"]))
        for each in outcome.seen.values()
        for item in each.notifications
        if item.get("subject") == REMINDER_SUBJECT and (task := str(item["task_id"])) in due
    ]


def _unix(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()


@dataclass(frozen=True)
class Figures:
    """Of one case; times in ms. `share` was recorded within the target, of all that were owed."""

    name: str
    owed: int
    came: int
    early: int
    share: float
    scheduler: tuple[float, float, float]
    consumer: tuple[float, float, float]
    both: tuple[float, float, float]

    @property
    def holds(self) -> bool:
        """Whether the target was met."""
        return self.share >= TARGET_SHARE and not self.early and self.came == self.owed


def figures(name: str, owed: int, found: Sequence[Reminded]) -> Figures:
    """Quantiles 50, 95 and 99.9 % of each part."""

    def cut(values: Sequence[float]) -> tuple[float, float, float]:
        middle, most, last = (quantile(values, share) for share in (0.5, 0.95, 0.999))
        return middle, most, last

    both = [(each.recorded - each.due) * 1000 for each in found]
    return Figures(
        name,
        owed,
        len(found),
        sum(each.triggered < each.due for each in found),
        sum(late <= TARGET_MS for late in both) / owed,
        cut([(each.triggered - each.due) * 1000 for each in found]),
        cut([(each.recorded - each.triggered) * 1000 for each in found]),
        cut(both),
    )


def play(environment: Environment, case: Case, seed: int, users: int) -> Figures:
    """Create the tasks, wait until they were due, and read the deliveries back."""
    run = name_of_run("reminders")
    made = environment.users(run, users)
    # Not before the last create is through: what is late then is the reminder, not its task.
    first = time.time() + case.number / RATE + LEAD_SECONDS
    chance = random.Random(seed)
    clients = Clients(
        environment.url, made, run, due_of=lambda _: first + chance.uniform(0, case.spread)
    )
    asyncio.run(clients.play(RATE, lambda number: number < case.number, seed))
    if time.time() > first - 1:
        raise BallastError("the tasks were not created in time", "The machine is too busy.")
    time.sleep(first + case.spread + 3 - time.time())
    creates = acknowledged(clients.creates)
    outcome = read_back(environment.url, made, creates, deadline=60, late_after=60)
    return figures(case.name, case.number, reminded(creates, outcome))


def table_of(found: Sequence[Figures]) -> Table:
    """One line a case."""
    table = Table(
        "what", "owed", "came", "early", "within 500 ms", "scheduler late", "consumer took", "both",
        title="reminders on the platform; ms at p50 / p95 / p99.9",
    )  # fmt: skip
    for each in found:
        table.add_row(
            each.name,
            *(str(number) for number in (each.owed, each.came, each.early)),
            f"{each.share:.2%}",
            *(
                " / ".join(f"{cut:.0f}" for cut in cuts)
                for cuts in (each.scheduler, each.consumer, each.both)
            ),
        )
    return table


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environment", default="dev")
    parser.add_argument("--users", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    asked, console = parser.parse_args(), Console(width=150)
    found: list[Figures] = []
    try:
        with open_environment(asked.environment) as environment:
            for case in CASES:
                found.append(play(environment, case, asked.seed, asked.users))
                console.log(f"{case.name}: {found[-1].share:.2%}, {load_of_machine()}")
    except BallastError as wrong:
        print(f"{wrong}. {wrong.fix}", file=sys.stderr)
        return 2
    console.print(table_of(found))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(each) for each in found], indent=1))
    judged = {case.name for case in CASES if case.judged}
    return int(not all(each.holds for each in found if each.name in judged))


if __name__ == "__main__":
    sys.exit(main())

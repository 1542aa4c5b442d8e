"""Kill each service, each sidecar, the broker, the database and Redis under sustained creates.

python benchmarks/kill_run.py [--creates 20000] [--rate 60] [--kill kill-postgres] [--json FILE]

Users of dev create tasks through the gateway as an open model; what gets no answer is sent again
under the same key and counts once. One task in twenty falls due, so that its reminder is owed too.
When all is quiet, every user's tasks, deliveries, reminders and counts are read back. Exit code 1
when a create was lost, made twice, reordered, late or never answered, or a kill is not proven.
"""

import argparse
import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table
from workload.clients import Clients, Create, acknowledged
from workload.environment import (
    Environment,
    load_of_machine,
    name_of_run,
    open_environment,
    serving,
)
from workload.readback import Outcome, read_back

from ballast.errors import BallastError
from ballast.gate.catalogue import find_experiment
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults import FAULTS
from ballast.gate.history.operations import HistoryFile, Result
from ballast.gate.order import Order, Site
from ballast.gate.samples import quantile
from ballast.kubeapi.shape import mapping, mappings
from ballast.names import SERVICES
from ballast.node import lifecycle as node
from ballast.paths import state_dir

KILLS = (
    *(f"kill-{service}" for service in SERVICES),
    *(f"kill-{service}-sidecar" for service in SERVICES),
    "kill-broker", "kill-postgres", "kill-redis",
)  # fmt: skip
RECOVER_SECONDS = 120.0
CALM_SECONDS = 3.0
DUE_EVERY, DUE_SECONDS = 20, 20.0
POLL_SECONDS = 0.2


@dataclass
class Kill:
    """One kill. Times are Unix seconds; `doubt` says why it is not proven, or nothing."""

    name: str
    at: float
    proven_at: float = 0.0
    serving_at: float = 0.0
    proof: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class Impact:
    """What clients saw between a kill and the next one; all in seconds.

    `recovered` is from the kill until as many pods serve as before and the last attempt failed.
    `slowest` is the longest way from the answer of a create to its delivery.
    """

    kill: Kill
    failed: int
    detected: float
    recovered: float
    slowest: float


def impacts(
    kills: Sequence[Kill], creates: Sequence[Create], delivered: dict[str, float]
) -> list[Impact]:
    """The impact of each kill. A failure belongs to the last kill before it."""
    found: list[Impact] = []
    for kill, until in zip(kills, [*(each.at for each in kills[1:]), float("inf")], strict=True):
        failures = [f.at for c in creates for f in c.failures if kill.at <= f.at < until]
        delays = [
            delivered[create.task] - create.completed
            for create in creates
            if kill.at <= create.completed < until and create.task in delivered
        ]
        found.append(
            Impact(
                kill,
                len(failures),
                min([*failures, kill.proven_at]) - kill.at,
                max([*failures, kill.serving_at]) - kill.at,
                max(delays, default=0.0),
            )
        )
    return found


@dataclass
class Killer:
    """Makes the kills one after the other, each when the one before has been survived."""

    environment: Environment
    folder: Path
    clients: Clients
    pause: float
    seed: int
    kills: list[Kill] = field(default_factory=list[Kill])
    over: threading.Event = field(default_factory=threading.Event)
    problem: str = ""

    def run(self, names: Sequence[str], tell: Callable[[str], None]) -> None:
        """All of `names`; what goes wrong is left in `problem`."""
        try:
            for name in names:
                if self.over.wait(self.pause):
                    self.problem = f"no time was left for {name}"
                    return
                tell(self._kill(name))
        except BallastError as wrong:
            self.problem = str(wrong)
        finally:
            self.over.set()

    def _kill(self, name: str) -> str:
        order = Order(
            name=name,
            entry=find_experiment(name),
            kubeconfig=node.kubeconfig(),
            namespace=self.environment.namespace,
            samples=self.folder / "history.csv",
            seed=self.seed,
            folder=self.folder,
        )
        site, fault = Site(self.environment.api, order), FAULTS[order.entry.fault]
        before = FaultProof(time.time(), site.pods())
        facts = fault.prepare(site)
        kill = Kill(name, time.time())
        self.kills.append(kill)
        facts |= fault.inject(site, facts)
        kill.at, kill.proven_at = facts["at"], facts["proven_at"]
        wanted = serving(before.before)
        whole = eventually(lambda: serving(site.pods()) >= wanted, RECOVER_SECONDS, POLL_SECONDS)
        kill.serving_at = time.time()
        after = FaultProof(before.before_at, before.before, time.time(), site.pods())
        kill.doubt = fault.doubt(facts, after)
        kill.proof = _proof(facts, after)
        calm = eventually(self._calm, RECOVER_SECONDS, POLL_SECONDS)
        if not whole or not calm:
            what = "creates fail still" if whole else f"not all pods serve again{_waiting(site)}"
            raise BallastError(f"{RECOVER_SECONDS:.0f} s after {name} {what}")
        return f"{name}: pods serve again after {kill.serving_at - kill.at:.1f} s"

    def _calm(self) -> bool:
        return time.time() - self.clients.last_failure > CALM_SECONDS


def _waiting(site: Site) -> str:
    """What kubelet says of containers that it does not start, such as a back-off."""
    target = site.target
    statuses = [
        mapping(mapping(container.get("state")).get("waiting"))
        for pod in site.api.list("v1", "Pod", target.namespace, target.selector)
        for container in mappings(mapping(pod.get("status")).get("containerStatuses"))
    ]
    said = [str(each["message"]) for each in statuses if each.get("message")]
    return f": {'; '.join(said)}" if said else ""


def _proof(facts: dict[str, object], proof: FaultProof) -> str:
    uid, container = str(facts["uid"]), facts.get("container")
    if container is None:
        new = next((each for each in proof.after if proof.before_of(each.uid) is None), None)
        return f"UID {uid[:8]} gone, {new.uid[:8] if new else 'none'} came"
    before, after = proof.before_of(uid), proof.after_of(uid)
    counts = [each.restarts.get(str(container), 0) if each else "?" for each in (before, after)]
    return f"restarts {counts[0]} to {counts[1]} in UID {uid[:8]}"


def due_soon(number: int) -> float | None:
    """When a task is due: one of a few, a little later."""
    return time.time() + DUE_SECONDS if number % DUE_EVERY == 0 else None


def violations(outcome: Outcome, creates: Sequence[Create], killer: Killer) -> list[str]:
    """One sentence for each thing that must not be."""
    wrong = [f"{number} {what}" for what, number in outcome.findings.counts.items() if number]
    wrong += [each for shown in outcome.findings.examples.values() for each in shown]
    for what in ("lost", "duplicated", "phantom"):
        tasks: tuple[str, ...] = getattr(outcome.reminders, what)
        if tasks:
            wrong.append(f"{len(tasks)} reminders {what}: {', '.join(tasks[:3])}")
    for result, what in ((Result.UNKNOWN, "never answered"), (Result.FAILED, "refused")):
        found = [create for create in creates if create.result is result]
        if found:
            last = found[0].failures[-1] if found[0].failures else ""
            wrong.append(f"{len(found)} creates were {what}, as {found[0].key}: {last}")
    wrong += [f"{kill.name}: {kill.doubt}" for kill in killer.kills if kill.doubt]
    return wrong + ([killer.problem] if killer.problem else [])


async def play(asked: argparse.Namespace, clients: Clients, killer: Killer, tell: Console) -> None:
    """Creates until there are enough and the last kill was survived."""
    said = partial(tell.log, markup=False, highlight=False)
    end = time.monotonic() + asked.minutes * 60
    killing = asyncio.create_task(asyncio.to_thread(killer.run, asked.kill, said))

    def go_on(number: int) -> bool:
        if time.monotonic() > end:
            killer.over.set()
            return False
        return number < asked.creates or not killer.over.is_set()

    try:
        await clients.play(asked.rate, go_on, asked.seed)
    finally:
        killer.over.set()
        await killing


def report(asked: argparse.Namespace, impact: Sequence[Impact], totals: dict[str, object]) -> Table:
    """One line a kill, and the totals below."""
    table = Table(
        "kill", "proof", "detected, s", "recovered, s", "failed requests", "slowest effect, s",
        title=f"{len(impact)} kills under {asked.rate:g} creates a second",
    )  # fmt: skip
    for each in impact:
        figures = (each.detected, each.recovered, each.failed, each.slowest)
        table.add_row(
            each.kill.name,
            each.kill.proof,
            *(f"{f:.1f}" if isinstance(f, float) else str(f) for f in figures),
        )
    table.caption = ", ".join(f"{what} {number}" for what, number in totals.items())
    return table


def measure(asked: argparse.Namespace, environment: Environment, console: Console) -> int:
    """Run, judge, print, keep; 1 on any violation."""
    run = name_of_run("kill-run")
    folder = state_dir() / "benchmarks" / run
    folder.mkdir(parents=True)
    users = environment.users(run, asked.users)
    history = HistoryFile(folder / "history.csv")
    clients = Clients(
        environment.url, users, run, lambda create: history.append(create.operation), due_soon
    )
    pause = max(CALM_SECONDS, asked.creates / asked.rate / (len(asked.kill) + 1) - asked.survival)
    killer = Killer(environment, folder, clients, pause, asked.seed)
    console.log(f"{asked.creates} creates of {asked.users} users, {load_of_machine()}; {folder}")
    began = time.time()
    asyncio.run(play(asked, clients, killer, console))
    seconds = time.time() - began
    creates = clients.creates
    history.end(len(creates))
    console.log(f"{len(acknowledged(creates))} of {len(creates)} answered; reading back")
    outcome = read_back(
        environment.url,
        users,
        creates,
        deadline=asked.settle,
        late_after=asked.late,
        progress=console.log,
    )
    impact = impacts(killer.kills, creates, outcome.delivered)
    done = acknowledged(creates)
    totals: dict[str, object] = {
        "creates acknowledged": len(done),
        "sent again": sum(bool(create.failures) for create in creates),
        "failed requests": sum(len(create.failures) for create in creates),
        "effects": outcome.findings.effects,
        "reminders": outcome.reminders.matched,
        **{str(what): n for what, n in outcome.findings.counts.items()},
        "seconds": round(seconds),
        "p50 ms": round(quantile([each.latency for each in done], 0.5) * 1000),
        "p95 ms": round(quantile([each.latency for each in done], 0.95) * 1000),
        "load": load_of_machine(),
    }
    wrong = violations(outcome, creates, killer)
    console.print(report(asked, impact, totals))
    for each in wrong:
        console.print(f"VIOLATION: {each}", markup=False, highlight=False)
    told = {"totals": totals, "violations": wrong, "kills": [asdict(each) for each in impact]}
    for path in filter(None, (folder / "kill-run.json", asked.json)):
        path.write_text(json.dumps(told, indent=1))
    if not wrong:
        console.print(f"{len(done)} creates: none lost, none twice, each user's order kept")
    return int(bool(wrong))


def check_kills(names: Sequence[str]) -> None:
    """Raises BallastError for an experiment that is none, or kills nothing."""
    for name in names:
        if not find_experiment(name).fault.startswith("kill-"):
            raise BallastError(f"{name} kills nothing", "See chaos/catalogue.yaml.")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--creates", type=int, default=20_000, help="at least so many")
    parser.add_argument("--rate", type=float, default=60.0, help="creates a second")
    parser.add_argument("--users", type=int, default=160)
    parser.add_argument("--environment", default="dev")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=12.0, help="the creates end by then")
    parser.add_argument("--settle", type=float, default=120.0, help="seconds for effects to come")
    parser.add_argument("--late", type=float, default=60.0, help="seconds that an effect may take")
    parser.add_argument(
        "--survival", type=float, default=14.0, help="seconds that one kill is expected to take"
    )
    parser.add_argument(
        "--kill", action="append", metavar="NAME",
        help="only this kill of chaos/catalogue.yaml; may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, help="keep the figures in this file too")
    asked = parser.parse_args()
    asked.kill = asked.kill or list(KILLS)
    return asked


def main() -> int:
    """Measure one environment."""
    asked, console = arguments(), Console()
    try:
        check_kills(asked.kill)
        with open_environment(asked.environment) as environment:
            return measure(asked, environment, console)
    except BallastError as wrong:
        console.print(f"{wrong}. {wrong.fix}", markup=False)
        return 2


if __name__ == "__main__":
    sys.exit(main())

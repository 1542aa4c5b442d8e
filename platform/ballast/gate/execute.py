"""One gate run from plan to signed record: load, experiment under it, ledger, verdicts."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from securesystemslib.signer import Signer  # pyright: ignore[reportPrivateImportUsage]

from ballast.errors import BallastError
from ballast.gate import budget, signing
from ballast.gate.beside import compare_early, of_the_new, old_release, regression, tokens_of
from ballast.gate.catalogue import find_experiment
from ballast.gate.chaos import (
    expectation_of,
    fault_at,
    journal_file,
    proof_of,
    read_journal,
    start_experiment,
)
from ballast.gate.chaos_verdict import Evidence, judge_chaos
from ballast.gate.consumers import read_consumers
from ballast.gate.evidence import SampleRecord, statement
from ballast.gate.figures import Prometheus, judge_figures
from ballast.gate.history.run import HistoryRun
from ballast.gate.injection import undo_in
from ballast.gate.judge import Generator, judge_generator, judge_slo
from ballast.gate.ledger import Ledger, judge_ledger
from ballast.gate.load import LoadRun, cpu_share, finish_load, start_load
from ballast.gate.order import Order
from ballast.gate.plan import Plan
from ballast.gate.readback import Readback
from ballast.gate.report.write import reported, write_interrupted
from ballast.gate.run_folder import RunFolder, clean_interrupted
from ballast.gate.samples import Sample, read_samples, sha256_of, within
from ballast.gate.spending import Spent, spent
from ballast.gate.tokens import Identity
from ballast.gate.verdict import Verdict
from ballast.slo.model import load_slos

START_SECONDS = 60.0
EXPERIMENT_SECONDS = 90.0
DRAIN_SECONDS = 30.0

Progress = Callable[[str], None]


@dataclass(frozen=True)
class RunSite:
    """Where a run happens: gateway URL, namespace, access to the cluster, the users' issuer.

    `old` is the gateway and the issuer of the release to compare with, `prometheus` the URL of what
    scrapes the services.
    """

    url: str
    namespace: str
    kubeconfig: Path
    identity: Identity
    prometheus: str
    old: tuple[str, Identity] | None = None


@dataclass(frozen=True)
class Finished:
    """A run that came to its end: its folder, its verdicts, the signed record as text."""

    folder: RunFolder
    verdicts: tuple[Verdict, ...]
    envelope: str


def execute(
    plan: Plan,
    where: RunSite,
    progress: Progress = lambda _: None,
    *,
    runs: Path | None = None,
    signer: Callable[[], Signer] = signing.signer,
) -> Finished:
    """Run the plan and sign what came out, good or bad, with the signer that is there at its start.

    Raises BallastError when the run cannot be carried out at all; whatever interrupts it, no child
    process survives and the next run cleans up.
    """
    for name in clean_interrupted(runs):
        progress(f"run {name} was interrupted; what it left running has been ended")
        write_interrupted(name, runs)
    by = signer()  # one that cannot sign costs no run
    folder = RunFolder.create(runs)
    with reported(folder), folder.alive():
        folder.write("plan.json", plan.model_dump(mode="json"))
        start = folder.note("started")
        tokens = tokens_of(folder.name, plan, where.identity)
        old = old_release(folder.name, plan, where.old)
        load = LoadRun(folder.name, folder.path, where.url, plan.seed, plan.shape, tokens, old)
        history = HistoryRun(folder.name, folder.path, where.url, plan.seed, where.identity)
        orders = [
            Order(
                name=name,
                entry=find_experiment(name),
                kubeconfig=where.kubeconfig,
                namespace=where.namespace,
                samples=load.samples,
                seed=plan.seed,
                folder=folder.path / "chaos" / name,
            )
            for name in plan.experiments
        ]
        client = history.start()
        folder.adopt(client)
        began = _under_load(folder, plan, load, orders, progress)
        folder.note("load_ended")
        history.finish(client)
        written = read_samples(load.samples)
        samples = of_the_new(load, written)
        progress(f"reading back the effects of {len(samples)} requests")
        ledger = Readback(where.url, tokens).settle(samples, DRAIN_SECONDS, progress)
        of_history = history.verdict(DRAIN_SECONDS, plan.recovery + DRAIN_SECONDS, progress)
        folder.note("read_back")
        start_of, end_of = load.schedule.judged(load.old_until)
        steady = (began + start_of, began + end_of)
        record = SampleRecord(len(load.planned()), len(written), sha256_of(load.samples))
        said = Prometheus(where.prometheus, where.namespace, *steady)
        verdicts = _verdicts(plan, load, orders, written, ledger=ledger, steady=steady, said=said)
        verdicts.append(of_history)
        end = folder.note("ended")
        made = statement(folder.name, plan, verdicts, record, start=start, end=end)
        envelope = signing.sign(made, by)
        folder.write("ledger.json", asdict(ledger))
        left = _spent(plan, samples, steady, where.prometheus)
        folder.write("spent.json", {"spent": [each.model_dump() for each in left]})
        folder.write("verdicts.json", {"verdicts": [asdict(verdict) for verdict in verdicts]})
        (folder.path / "record.dsse.json").write_text(envelope)
    return Finished(folder, tuple(verdicts), envelope)


def _under_load(
    folder: RunFolder, plan: Plan, load: LoadRun, orders: Sequence[Order], progress: Progress
) -> float:
    """Play the load with the experiments in its tail; Unix time at which the load began."""
    shape = load.shape
    generator = start_load(load)
    folder.adopt(generator)
    began = folder.note("load_began", _first_request(load))
    progress(
        f"load: up to {shape.peak_rate:g} requests/s by {shape.users} users; "
        f"{shape.judged_seconds:g} s of the new release are judged"
    )
    compare_early(plan, load, began, progress)
    begins = _end_of_judged(load, began)
    for order in orders:
        # Each has its window of the load to itself.
        time.sleep(max(0.0, begins - time.time()))
        _experiment(folder, order, plan, progress)
        at = fault_at(read_journal(journal_file(order))) or time.time()
        begins = at + plan.experiments[order.name].window_seconds
    finish_load(load, generator, shape.fault_seconds + 60.0)
    return began


def _end_of_judged(load: LoadRun, began: float) -> float:
    """Wait for the end of the judged time, which an early look may bring nearer; Unix time."""
    while (left := began + load.schedule.judged(load.old_until)[1] - time.time()) > 0:
        time.sleep(min(left, 1.0))
    return began + load.schedule.judged(load.old_until)[1]


def _experiment(folder: RunFolder, order: Order, plan: Plan, progress: Progress) -> None:
    progress(f"chaos: {order.name} under the same load")
    patience = EXPERIMENT_SECONDS + plan.experiments[order.name].window_seconds
    chaos = start_experiment(order, plan.experiments[order.name])
    folder.adopt(chaos)
    try:
        chaos.wait(patience)
    except subprocess.TimeoutExpired:
        # Without its journal the experiment is judged vacuous: it cannot pass by hanging.
        chaos.kill()
        chaos.wait()
        undo_in(order.folder)
        progress(f"chaos: the experiment hung for {patience:.0f} s and was ended")


def _first_request(load: LoadRun) -> float:
    """Unix time of the schedule's zero, derived from the first request that was written."""
    planned = {arrival.sequence: arrival.at for arrival in load.planned()}
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if load.samples.exists() and load.samples.read_text().count("\n") > 1:
            first = read_samples(load.samples)[0]
            return first.intended - planned[first.sequence]
        time.sleep(0.1)
    log = (load.folder / "locust.log").read_text(errors="replace").strip().splitlines()
    raise BallastError(
        f"the load generator made no request within {START_SECONDS:.0f} s: "
        f"{log[-1] if log else 'it said nothing'}",
        f"See {load.folder / 'locust.log'}.",
    )


def _spent(
    plan: Plan, samples: Sequence[Sample], judged: tuple[float, float], prometheus: str
) -> list[Spent]:
    slos = [slo for slo in load_slos() if slo.name in plan.slos]
    left = budget.budgets(budget.Prometheus(prometheus), slos, plan.source)
    return spent(slos, samples, judged, left)


def _verdicts(
    plan: Plan,
    load: LoadRun,
    orders: Sequence[Order],
    samples: Sequence[Sample],
    *,
    ledger: Ledger,
    steady: tuple[float, float],
    said: Prometheus,
) -> list[Verdict]:
    judged = within(samples, *steady)
    generator = Generator(len(load.planned()), len(samples), cpu_share(load.cpu, *steady))
    of_new = of_the_new(load, samples)
    experiments = {
        order.name: Evidence(
            read_journal(journal_file(order)),
            proof_of(order),
            of_new,
            plan.experiments[order.name],
            expectation_of(order),
            read_consumers(order.folder),
        )
        for order in orders
    }
    return [
        judge_generator(judged, generator, plan.latency_threshold),
        *(
            judge_slo(slo, within(of_new, *steady))
            for slo in load_slos()
            if slo.name in plan.slos and plan.shape.objectives
        ),
        *regression(plan, load, samples),
        *judge_figures(plan.figures, said.number),
        *(judge_chaos(f"chaos/{name}", evidence) for name, evidence in experiments.items()),
        judge_ledger(ledger),
    ]

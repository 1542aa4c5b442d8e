"""One gate run from plan to signed record: load, experiment under it, ledger, verdicts."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.chaos import Experiment, proof_of, read_journal, start_experiment
from ballast.gate.chaos_verdict import Evidence, judge_chaos
from ballast.gate.evidence import SampleRecord, statement
from ballast.gate.judge import Generator, judge_generator, judge_slo
from ballast.gate.ledger import Ledger, judge_ledger
from ballast.gate.load import LoadRun, cpu_share, finish_load, start_load
from ballast.gate.plan import Plan
from ballast.gate.readback import Readback
from ballast.gate.report import render
from ballast.gate.run_folder import RunFolder, clean_interrupted
from ballast.gate.samples import Sample, read_samples, sha256_of, within
from ballast.gate.tokens import Identity, mint
from ballast.gate.verdict import Verdict
from ballast.slo.model import load_slos

START_SECONDS = 60.0
EXPERIMENT_SECONDS = 120.0
DRAIN_SECONDS = 30.0

Progress = Callable[[str], None]


@dataclass(frozen=True)
class RunSite:
    """Where a run happens: gateway URL, namespace, access to the cluster, the users' issuer."""

    url: str
    namespace: str
    kubeconfig: Path
    identity: Identity


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
    key: Path | None = None,
) -> Finished:
    """Run the plan and sign what came out, good or bad.

    Raises BallastError when the run cannot be carried out at all; whatever interrupts it, no child
    process survives and the next run cleans up.
    """
    for name in clean_interrupted(runs):
        progress(f"run {name} was interrupted; what it left running has been ended")
    folder = RunFolder.create(runs)
    with folder.alive():
        folder.write("plan.json", plan.model_dump(mode="json"))
        start = time.time()
        tokens = [
            mint(where.identity, f"gate-{folder.name}-{user}") for user in range(plan.shape.users)
        ]
        load = LoadRun(folder.name, folder.path, where.url, plan.seed, plan.shape, tokens)
        experiment = Experiment(
            path=plan.experiment,
            folder=folder.path,
            kubeconfig=where.kubeconfig,
            namespace=where.namespace,
            samples=load.samples,
            seed=plan.seed,
            hypothesis=plan.hypothesis,
        )
        began = _under_load(folder, load, experiment, progress)
        samples = read_samples(load.samples)
        progress(f"reading back the effects of {len(samples)} requests")
        ledger = Readback(where.url, tokens).settle(samples, DRAIN_SECONDS, progress)
        steady_start = began + plan.shape.warmup_seconds
        steady = (steady_start, steady_start + plan.shape.steady_seconds)
        record = SampleRecord(len(load.planned()), len(samples), sha256_of(load.samples))
        verdicts = _verdicts(plan, load, experiment, samples, ledger=ledger, steady=steady)
        made = statement(folder.name, plan, verdicts, record, start=start, end=time.time())
        envelope = signing.sign(made, signing.signer(key))
        folder.write("ledger.json", asdict(ledger))
        folder.write("verdicts.json", {"verdicts": [asdict(verdict) for verdict in verdicts]})
        (folder.path / "record.dsse.json").write_text(envelope)
        (folder.path / "report.html").write_text(
            render(folder.name, plan, verdicts, samples, ledger=ledger, steady=steady)
        )
    return Finished(folder, tuple(verdicts), envelope)


def _under_load(
    folder: RunFolder, load: LoadRun, experiment: Experiment, progress: Progress
) -> float:
    """Play the load with the experiment in its tail; Unix time at which the load began."""
    shape = load.shape
    generator = start_load(load)
    folder.adopt(generator)
    began = _first_request(load)
    progress(
        f"load: {shape.rate_per_second:g} requests/s by {shape.users} users; "
        f"{shape.steady_seconds:g} s are judged after {shape.warmup_seconds:g} s of warm-up"
    )
    time.sleep(max(0.0, began + shape.warmup_seconds + shape.steady_seconds - time.time()))
    progress(f"chaos: {experiment.path} under the same load")
    chaos = start_experiment(experiment)
    folder.adopt(chaos)
    try:
        chaos.wait(EXPERIMENT_SECONDS)
    except subprocess.TimeoutExpired:
        # Without its journal the experiment is judged vacuous: it cannot pass by hanging.
        chaos.kill()
        chaos.wait()
        progress(f"chaos: the experiment hung for {EXPERIMENT_SECONDS:.0f} s and was ended")
    finish_load(load, generator, shape.fault_seconds + 60.0)
    return began


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


def _verdicts(
    plan: Plan,
    load: LoadRun,
    experiment: Experiment,
    samples: Sequence[Sample],
    *,
    ledger: Ledger,
    steady: tuple[float, float],
) -> list[Verdict]:
    judged = within(samples, *steady)
    generator = Generator(len(load.planned()), len(samples), cpu_share(load.cpu, *steady))
    journal: dict[str, Any] = read_journal(experiment.journal_file)
    evidence = Evidence(journal, proof_of(experiment), list(samples), plan.hypothesis)
    return [
        judge_generator(judged, generator, plan.latency_threshold),
        *(judge_slo(slo, judged) for slo in load_slos() if slo.name in plan.slos),
        judge_chaos(f"chaos/{Path(plan.experiment).stem}", evidence),
        judge_ledger(ledger),
    ]

"""Folders of gate runs as the gate writes them, without a load: plan, judging, signing are real.

Only what a machine would take minutes to do is made up: answers of the gateway, a frozen sidecar,
what Prometheus says.
"""

import contextlib
import json
import math
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path

from ballast.gate import execute, signing
from ballast.gate.beside import of_the_new
from ballast.gate.broker_view import Progress
from ballast.gate.catalogue import find_experiment
from ballast.gate.controls import FaultProof
from ballast.gate.evidence import SampleRecord, statement
from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.judge import judge_history
from ballast.gate.history.rows import write_rows
from ballast.gate.ledger import Attempt, Effect, match
from ballast.gate.load import LoadRun, OldRelease
from ballast.gate.order import Order
from ballast.gate.plan import Plan, derive_plan
from ballast.gate.pods import PodState
from ballast.gate.report.write import reported
from ballast.gate.run_folder import RunFolder
from ballast.gate.samples import COLUMNS, Sample, sha256_of
from ballast.gate.spending import spent
from ballast.names import SERVICES
from ballast.release import Image, Release
from ballast.slo.model import load_slos

ZERO = 1_780_300_000.0
EXPERIMENT = "freeze-task-service-sidecar"
FROZEN_SECONDS = 5.0
HARMED_SECONDS = 7.5  # until which the gateway still fails
BASE_SECONDS = {"create": 0.024, "list": 0.015, "get": 0.011, "chat": 0.06}


@dataclass(frozen=True)
class Story:
    """What happens in a run; `stops_at` ends it so many seconds after the load began."""

    slower: float = 1.0
    lost: int = 0
    late: int = 0
    compared: bool = True
    experiments: tuple[str, ...] = (EXPERIMENT,)
    injected: bool = True
    stops_at: float | None = None
    fails: BaseException = field(default_factory=KeyboardInterrupt)
    seed: int = 7


def simulate(root: Path, story: Story | None = None, **changes) -> RunFolder:
    """The folder of one run, with its report."""
    story = replace(story or Story(), **changes)
    folder = RunFolder.create(root)
    with contextlib.suppress(type(story.fails)), reported(folder), folder.alive():
        _play(folder, story)
    return folder


def plan_of(story: Story) -> Plan:
    images = {
        name: Image(repository=f"example.org/todo-{name}", digest=f"sha256:{n + 1:064x}")
        for n, name in enumerate(SERVICES)
    }
    old = {name: replace_digest(image) for name, image in images.items()}
    return derive_plan(
        "dev",
        "staging",
        Release(revision="r2", images=images),
        old=Release(revision="r1", images=old) if story.compared else None,
        experiments=story.experiments,
    )


def replace_digest(image: Image) -> Image:
    return image.model_copy(update={"digest": f"sha256:{99:064x}"})


def _play(folder: RunFolder, story: Story) -> None:
    plan = plan_of(story)
    folder.write("plan.json", plan.model_dump(mode="json"))
    # A run that is stopped ends now; the others are of a fixed day.
    zero = ZERO if story.stops_at is None else time.time() - max(story.stops_at, 0.0)
    folder.note("started", zero - 4.2)
    if story.stops_at is not None and story.stops_at < 0:
        raise story.fails
    old = OldRelease("", (), plan.baseline.pairs) if plan.baseline else None
    load = LoadRun(
        folder.name, folder.path, "", plan.seed, plan.shape, [""] * plan.shape.users, old
    )
    if plan.baseline:
        (folder.path / "comparison-ended").write_text(str(plan.baseline.rule.look_after_pairs[0]))
    folder.note("load_began", zero)
    frozen_at = zero + load.schedule.judged(load.old_until)[1] + 6.0
    samples = _answers(load, story, zero, frozen_at if story.injected else math.inf)
    if story.stops_at is not None:
        samples = [sample for sample in samples if sample.ended < zero + story.stops_at]
    write_rows(load.samples, COLUMNS, (astuple(sample) for sample in samples))
    if story.stops_at is not None:
        raise story.fails
    load_ended = folder.note("load_ended", max(sample.ended for sample in samples))
    orders = [_experiment(folder, load, name, frozen_at, story) for name in plan.experiments]
    rows = ((f"{ZERO + second}", f"{second * 0.21}") for second in range(400))
    (folder.path / "generator.csv").write_text("".join(f"{at},{cpu}\n" for at, cpu in rows))
    folder.note("read_back", load_ended + 3.4)
    _judge(folder, plan, load, orders, samples=samples, story=story)


def _judge(
    folder: RunFolder,
    plan: Plan,
    load: LoadRun,
    orders: Sequence[Order],
    *,
    samples: list[Sample],
    story: Story,
) -> None:
    new = of_the_new(load, samples)
    creates = [sample for sample in new if sample.task_id]
    ledger = match(
        [Attempt(sample.key, sample.task_id) for sample in creates],
        [Effect(f"record-{s.task_id}", s.task_id) for s in creates[story.lost :]],
        {},
    )
    start, end = load.schedule.judged(load.old_until)
    steady = (ZERO + start, ZERO + end)
    verdicts = execute._verdicts(  # the gate's own judging of its raw data
        plan, load, orders, samples, ledger=ledger, steady=steady, said=Answers()
    )
    verdicts.append(_history(story))
    slos = [slo for slo in load_slos() if slo.name in plan.slos]
    facts = [
        {"slo": slo.name, "remaining": 0.9731, "events": 251_000, "exhausted": False}
        for slo in slos
    ]
    left = spent(slos, new, steady, facts)
    folder.write("spent.json", {"spent": [each.model_dump() for each in left]})
    record = SampleRecord(len(load.planned()), len(samples), sha256_of(load.samples))
    ended = folder.note("ended", max(sample.ended for sample in samples) + 4.1)
    made = statement(folder.name, plan, verdicts, record, start=ZERO, end=ended)
    envelope = signing.sign(made, signing.signer(folder.path.parent / "signing.key"))
    folder.write("ledger.json", asdict(ledger))
    folder.write("verdicts.json", {"verdicts": [asdict(verdict) for verdict in verdicts]})
    (folder.path / "record.dsse.json").write_text(envelope)


class Answers:
    """What Prometheus says: fresh, many, quick."""

    def number(self, query: str) -> float:
        if query.startswith("time()"):
            return 4.0
        return 250.0 if query.startswith("sum(") else 0.012


def _history(story: Story):
    findings = Findings(writes=214, reads=108, effects=311)
    for number in range(story.late):
        findings.add(Violation.LATE, "u1", f"u1-{number} came 71.2 s after its answer")
    return judge_history(findings, 322)


def _answers(load: LoadRun, story: Story, zero: float, frozen_at: float) -> list[Sample]:
    chance = random.Random(story.seed)
    segments = load.schedule.segments
    made: list[Sample] = []
    for arrival in load.planned():
        new = segments[arrival.segment].release == "new"
        intended = zero + arrival.at
        seconds = BASE_SECONDS.get(arrival.operation, 0.02) * math.exp(chance.gauss(0, 0.25))
        status = 201 if arrival.operation == "create" else 200
        if new:
            seconds *= story.slower
            if frozen_at <= intended < frozen_at + HARMED_SECONDS and chance.random() < 0.6:
                seconds += chance.uniform(0.3, 2.2)
                status = 503 if chance.random() < 0.45 else status
        create = arrival.operation == "create" and new
        made.append(
            Sample(
                sequence=arrival.sequence,
                operation=arrival.operation,
                user=arrival.user,
                intended=intended,
                started=intended + 0.0004,
                ended=intended + seconds,
                status=status,
                error="" if status < 300 else "HTTP 503",
                key=f"key-{arrival.sequence}" if create else "",
                task_id=f"task-{arrival.sequence}" if create and status < 300 else "",
            )
        )
    return made


def _experiment(folder: RunFolder, load: LoadRun, name: str, at: float, story: Story) -> Order:
    order = Order(
        name=name,
        entry=find_experiment(name),
        kubeconfig=folder.path / "none",
        namespace="todo-app-dev",
        samples=load.samples,
        seed=load.seed,
        folder=folder.path / "chaos" / name,
    )
    order.folder.mkdir(parents=True)
    order.file.write_text(order.model_dump_json())
    pods = [PodState("task-service-0", "uid-0", True, False, order.target.workload)]
    proof = FaultProof(at - 1, pods, at + 12, pods)
    order.proof_file.write_text(json.dumps(asdict(proof)))
    (order.folder / "journal.json").write_text(json.dumps(_journal(at, story)))
    kept_up = asdict(Progress({"task.created/0": 311}, {"todo-app-dev.x": {"task.created/0": 311}}))
    written = json.dumps({"before": kept_up, "after": kept_up})
    (order.folder / "consumers.json").write_text(written)
    return order


def _journal(at: float, story: Story) -> dict:
    facts = {
        "pod": "task-service-0",
        "container": "daprd",
        "at": at,
        "until": at + FROZEN_SECONDS,
        "proven_at": at + 1.0,
        "frozen_throughout": True,
        "asked": 5,
        "answered": 0,
        "healthy_s": 0.003,
        "answers_again": True,
    }
    done = {"activity": {"type": "action"}, "status": "succeeded", "output": facts}
    refused = {"activity": {"type": "action"}, "status": "failed", "exception": ["403 forbidden"]}
    held = {"steady_state_met": True, "probes": []}
    return {
        "status": "completed",
        "deviated": False,
        "steady_states": {"before": held, "after": held},
        "run": [done if story.injected else refused],
        "rollbacks": [{"activity": {"name": "undo"}, "status": "succeeded"}],
    }

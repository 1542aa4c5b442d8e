"""A run's folder as a report. What the folder does not hold is absent, and the report says so."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ballast.errors import BallastError
from ballast.gate.plan import PROMOTION_SHAPE, SHAPES, Plan
from ballast.gate.record_store import FOLDER as EVIDENCE
from ballast.gate.record_store import SUFFIX
from ballast.gate.report.ledgers import ledgers_of
from ballast.gate.report.measured import measured
from ballast.gate.report.model import Check, Decision, Headline, Report, Reproduction, State
from ballast.gate.report.timeline import faults_of, moments_of
from ballast.gate.run_folder import RunFolder
from ballast.gate.samples import sha256_of
from ballast.gate.spending import Spent
from ballast.gate.verdict import Outcome, Verdict, overall
from ballast.kubeapi.shape import mappings

RECORD: Final = "record.dsse.json"
_FILES: Final = (
    "samples.csv", "generator.csv", "history.csv", "effects.csv", "tallies.csv", "plan.json",
    "load.json", "verdicts.json", "ledger.json", "spent.json", "moments.json", RECORD,
    "chaos/*/order.json", "chaos/*/journal.json", "chaos/*/fault-proof.json",
)  # fmt: skip


def read_report(folder: RunFolder) -> Report:
    """The report of a run, whatever became of it.

    Raises BallastError when the folder holds no plan of this version: then nothing can be said.
    """
    plan = _plan(folder)
    state, why_not = _state(folder)
    checks = _checks(plan, folder, state)
    by_name = {check.name: check for check in checks}
    moments = folder.read("moments.json")
    zero = moments.get("load_began", moments.get("started"))
    finished, began = state == "finished", moments.get("load_began")
    seen = measured(folder, plan, by_name, began=began, finished=finished)
    faults = [] if zero is None else faults_of(folder, plan, by_name, zero)
    outcome = overall([Verdict(c.name, c.outcome, c.reason) for c in checks if c.outcome])
    decision = _decision(folder)
    headline = _headline(state, outcome, decision)
    spent = [
        Spent.model_validate(each) for each in mappings(folder.read("spent.json").get("spent"))
    ]
    return Report(
        run=folder.name,
        source=plan.source,
        target=plan.target,
        state=state,
        outcome=outcome,
        headline=headline,
        why=_why(headline, checks, decision, why_not),
        absent=[*seen.absent, *_absent(plan, folder, faults=len(faults))],
        zero=zero,
        seconds=_seconds(moments),
        judged_s=seen.judged_s,
        checks=checks,
        latency=seen.latency,
        percentiles=seen.percentiles,
        faults=faults,
        timeline=[] if zero is None else moments_of(moments, seen, faults, zero),
        ledgers=ledgers_of(folder.read("ledger.json"), by_name),
        spent=spent,
        decision=decision,
        folder=str(folder.path),
        evidence=_evidence(folder, plan, decision),
        reproduction=_reproduction(folder, plan),
    )


def _plan(folder: RunFolder) -> Plan:
    try:
        return Plan.model_validate(folder.read("plan.json"))
    except ValidationError as wrong:
        known = (folder.path / "plan.json").exists()
        said = "was planned by another version" if known else "ended before it had a plan"
        raise BallastError(
            f"run {folder.name} {said}: nothing can be reported of it",
            "Start a new one: ballast gate run dev.",
        ) from wrong


def _state(folder: RunFolder) -> tuple[State, str]:
    found = folder.read("state.json")
    states: dict[str, State] = {"finished": "finished", "running": "running"}
    return states.get(str(found.get("state")), "interrupted"), str(found.get("why", ""))


def _checks(plan: Plan, folder: RunFolder, state: State) -> list[Check]:
    """Every planned check in the plan's order, then what was judged without being planned."""
    found = {
        str(verdict["check"]): Check(
            name=str(verdict["check"]),
            outcome=Outcome(verdict["outcome"]),
            reason=str(verdict["reason"]),
            figures=verdict["figures"],
        )
        for verdict in mappings(folder.read("verdicts.json").get("verdicts"))
    }
    reason = "not judged yet" if state == "running" else "the run ended before it was judged"
    for name in plan.checks:
        found.setdefault(name, Check(name=name, outcome=None, reason=reason))
    planned = [found.pop(name) for name in plan.checks]
    return [*planned, *found.values()]


def _decision(folder: RunFolder) -> Decision | None:
    found = folder.read("decision.json")
    return Decision.model_validate(found) if found else None


def _headline(state: State, outcome: Outcome, decision: Decision | None) -> Headline:
    headlines: dict[State, Headline] = {"interrupted": "INTERRUPTED", "running": "RUNNING"}
    if state in headlines:
        return headlines[state]
    if decision and not decision.allow and outcome is Outcome.PASS:
        return "REFUSED"
    if decision and decision.undone:
        return "REVERTED"
    return outcome.value


def _why(
    headline: Headline, checks: list[Check], decision: Decision | None, why_not: str
) -> list[str]:
    if headline == "INTERRUPTED":
        return [f"the run did not come to its end: {why_not or 'nobody knows why'}"]
    if headline == "RUNNING":
        return ["the run is under way: this is what its folder holds until now"]
    why = _wrong(checks)
    if not why:
        why = [f"all {len(checks)} checks passed"]
    if decision and decision.undone:
        why.append(f"{decision.target} does not serve it: {decision.undone}")
    elif decision and decision.allow:
        why.append(f"the policy lets the release into {decision.target}")
    elif decision:
        why += [f"{decision.target} refuses it: {reason}" for reason in decision.reasons]
    return why


def _wrong(checks: list[Check]) -> list[str]:
    """What did not pass, the most urgent first; one reason of several checks is said once."""
    named: dict[str, list[str]] = {}
    for check in sorted(checks, key=lambda check: check.urgency):
        if check.outcome is not Outcome.PASS:
            named.setdefault(check.reason, []).append(check.name)
    return [f"{', '.join(names)}: {reason}" for reason, names in named.items()]


def _absent(plan: Plan, folder: RunFolder, *, faults: int) -> list[str]:
    said: list[str] = []
    if faults < len(plan.experiments):
        missing = len(plan.experiments) - faults
        said.append(f"{missing} of {len(plan.experiments)} planned faults: no proof of injection")
    if not plan.experiments:
        said.append("faults: the plan has no experiment")
    for name, what in (("ledger.json", "the ledger of the load"), ("spent.json", "the budget")):
        if not (folder.path / name).exists():
            said.append(f"{what}: the run ended before it was read")
    if not (folder.path / RECORD).exists():
        said.append("the signed record: there is none, so this run can promote nothing")
    return said


def _seconds(moments: Mapping[str, float]) -> float | None:
    if "started" in moments and "ended" in moments:
        return round(moments["ended"] - moments["started"], 1)
    return None


def _evidence(folder: RunFolder, plan: Plan, decision: Decision | None) -> str:
    """Where the signed record is: in Git once it was committed, else in the folder; else empty."""
    if decision and decision.commit and not decision.undone:
        return f"{EVIDENCE}/{plan.target}/{folder.name}{SUFFIX}"
    return str(folder.path / RECORD) if (folder.path / RECORD).exists() else ""


def _reproduction(folder: RunFolder, plan: Plan) -> Reproduction:
    named = "".join(f" --experiment {name}" for name in plan.experiments)
    shape = _shape(plan)
    kind = "" if shape == PROMOTION_SHAPE else f" --shape {shape}"
    files = [path for pattern in _FILES for path in sorted(folder.path.glob(pattern))]
    return Reproduction(
        command=f"ballast gate run {plan.source} {plan.target} --seed {plan.seed}{kind}{named}",
        seed=plan.seed,
        images=plan.images,
        old_images=plan.baseline.images if plan.baseline else {},
        configuration=plan.configuration,
        files={str(path.relative_to(folder.path)): sha256_of(path) for path in files},
    )


def _shape(plan: Plan) -> str:
    """The load's name: the one file of its folder among what the plan was made from."""
    paths = [Path(path) for path in plan.configuration]
    return next(p.stem for p in paths if p.parent == Path(SHAPES) and p.suffix == ".yaml")

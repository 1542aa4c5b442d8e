"""When things happened in a run: its experiments and its moments, in seconds."""

from collections.abc import Mapping, Sequence
from typing import Any

from ballast.gate.chaos import read_journal, title_of
from ballast.gate.order import Order
from ballast.gate.plan import Plan
from ballast.gate.report.measured import Measured
from ballast.gate.report.model import Check, Fault, Moment
from ballast.gate.run_folder import RunFolder
from ballast.kubeapi.shape import mapping, mappings

_OF_RUN = {
    "started": "run starts",
    "load_began": "load starts: warm-up",
    "load_ended": "load ends",
    "read_back": "effects are read back",
    "ended": "run ends",
}


def faults_of(
    folder: RunFolder, plan: Plan, checks: Mapping[str, Check], zero: float
) -> list[Fault]:
    """The experiments whose fault was injected; `zero` is the Unix time of second 0."""
    found: list[Fault] = []
    for name, hypothesis in plan.experiments.items():
        check = checks.get(f"chaos/{name}")
        figures = check.figures if check else {}
        if "fault_at" not in figures:
            figures = _of_journal(folder, name)
        if "fault_at" in figures:
            found.append(_fault(name, figures, hypothesis.window_seconds, zero))
    return sorted(found, key=lambda fault: fault.start_s)


def moments_of(
    moments: Mapping[str, float],
    seen: Measured,
    faults: Sequence[Fault],
    zero: float,
) -> list[Moment]:
    """Everything that is known to have happened, in order."""
    found = [Moment(at_s=round(at - zero, 3), event=_OF_RUN[name]) for name, at in moments.items()]
    if seen.judged_s:
        ends = "judged time is cut off" if seen.cut_off else "judged time ends"
        found.append(Moment(at_s=seen.judged_s[0], event="judged time starts: the baseline"))
        found.append(Moment(at_s=round(seen.judged_s[1], 3), event=ends))
    for fault in faults:
        found += _moments(fault)
    return sorted(found, key=lambda moment: moment.at_s)


def _moments(fault: Fault) -> list[Moment]:
    known = {
        f"fault starts: {fault.title}": fault.start_s,
        "first failed request": fault.first_failed_s,
        "first proof of the fault": fault.proven_s,
        "fault ends": fault.end_s,
    }
    if fault.recovered_after_s:
        known["recovered: the last failed request has ended"] = fault.over_s
    elif fault.recovered_after_s is not None:
        known["recovered: no request failed after the fault"] = fault.over_s
    elif fault.never_recovered:
        known["not recovered when its window ends"] = fault.window_end_s
    return [
        Moment(at_s=at, event=event, fault=fault.name)
        for event, at in known.items()
        if at is not None
    ]


def _fault(name: str, figures: Mapping[str, Any], window: float, zero: float) -> Fault:
    def since(figure: str) -> float | None:
        at = figures.get(figure)
        return round(at - zero, 3) if isinstance(at, int | float) else None

    start = float(figures["fault_at"]) - zero
    recovered = figures.get("recovered_s")
    return Fault(
        name=name,
        title=str(figures["fault"]),
        start_s=round(start, 3),
        end_s=round(float(figures["fault_until"]) - zero, 3),
        window_end_s=round(start + window, 3),
        first_failed_s=since("first_failed_at"),
        proven_s=since("proven_at"),
        detected_after_s=figures.get("detected_s"),
        recovered_after_s=recovered if isinstance(recovered, int | float) else None,
        never_recovered=recovered == "never",
    )


def _of_journal(folder: RunFolder, name: str) -> dict[str, Any]:
    """What the action said, for a run that came to no verdict."""
    of_experiment = folder.path / "chaos" / name
    for step in mappings(read_journal(of_experiment / "journal.json").get("run")):
        facts = mapping(step.get("output"))
        if "at" in facts and "until" in facts:
            order = Order.model_validate_json((of_experiment / "order.json").read_text())
            return {
                "fault": title_of(order.entry),
                "fault_at": facts["at"],
                "fault_until": facts["until"],
                "proven_at": facts.get("proven_at"),
            }
    return {}

"""What an experiment proved, read from its journal and the witness, never from the exit code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ballast.gate.consumers import MOST_LAG, Consumers
from ballast.gate.controls import FaultProof
from ballast.gate.radius import changes_outside
from ballast.gate.samples import Sample, failures_by_answer, within
from ballast.gate.verdict import Figure, Outcome, Verdict
from ballast.kubeapi.shape import mapping, mappings, sequence

HEALED_SECONDS: Final = 5.0
GAP_SECONDS: Final = 1.0  # between two requests of any load that can show a recovery
SHOWN: Final = 3


@dataclass(frozen=True)
class Hypothesis:
    """What one fault may cost: share of requests answered in the window, seconds to recover."""

    availability: float
    recovered_within: float
    window_seconds: float


@dataclass(frozen=True)
class Expectation:
    """What is known of an experiment before it runs.

    `workload` is the target, `radius` every workload that may change, and `doubt` says why the
    facts of the fault and the witness do not prove it, or nothing.
    """

    title: str
    workload: str
    radius: frozenset[str]
    doubt: Callable[[dict[str, Any], FaultProof], str]


@dataclass(frozen=True)
class Evidence:
    """Everything that is known of one experiment."""

    journal: dict[str, Any]
    proof: FaultProof | None
    samples: list[Sample]
    hypothesis: Hypothesis
    expected: Expectation
    consumers: Consumers | None

    @property
    def action(self) -> dict[str, Any]:
        """The journal's record of the fault action; empty when it never ran."""
        steps = mappings(self.journal.get("run"))
        kinds = [mapping(step.get("activity")).get("type") for step in steps]
        return steps[kinds.index("action")] if "action" in kinds else {}

    @property
    def facts(self) -> dict[str, Any]:
        """What the action measured: at, until, proven_at (Unix seconds) and its fault's own."""
        return mapping(self.action.get("output"))

    @property
    def window(self) -> list[Sample]:
        """Requests intended during the fault."""
        at = self.facts.get("at")
        if not isinstance(at, int | float):
            return []
        return within(self.samples, at, at + self.hypothesis.window_seconds)

    @property
    def availability(self) -> float:
        """Share of the window's requests that succeeded; 0 without requests."""
        window = self.window
        return sum(sample.succeeded for sample in window) / len(window) if window else 0.0

    @property
    def failed(self) -> list[Sample]:
        """Requests intended during the fault that failed."""
        return [sample for sample in self.window if not sample.succeeded]

    @property
    def detected(self) -> float:
        """Seconds from the fault until it showed: in a failed request or to who watched it."""
        failed = [sample.ended for sample in self.failed]
        return min([*failed, float(self.facts["proven_at"])]) - float(self.facts["at"])

    @property
    def lag(self) -> int | None:
        """Events that the slowest consumer had left in the end; None when nobody knows."""
        return self.consumers.lag[1] if self.consumers and self.consumers.after else None

    @property
    def recovered(self) -> float | None:
        """Seconds from the fault's end to the end of the last failed request; 0 when none failed
        after it, None when five good seconds did not follow.
        """
        window, failed = self.window, self.failed
        if not failed:
            return 0.0
        if window[-1].intended - failed[-1].intended < HEALED_SECONDS:
            return None
        return max(0.0, max(sample.ended for sample in failed) - float(self.facts["until"]))


Doubt = tuple[Outcome, str] | None


def judge_chaos(check: str, evidence: Evidence) -> Verdict:
    """The verdict of an experiment: the first doubt that stands, else PASS."""
    doubts: list[Callable[[Evidence], Doubt]] = [
        _sick_baseline,
        _no_injection,
        _no_proof,
        _not_undone,
        _too_much_impact,
        _unwatched,
        _not_healed,
        _events_lost_or_late,
        _changed_outside,
    ]
    for doubt in doubts:
        found = doubt(evidence)
        if found:
            return Verdict(check, *found, _figures(evidence))
    reason = (
        f"{evidence.expected.title}: seen after {evidence.detected:.1f} s; "
        f"{evidence.availability:.2%} of {len(evidence.window)} requests answered, recovered "
        f"{evidence.recovered:.1f} s after its end, nothing else changed, "
        f"{evidence.lag} events left to handle"
    )
    return Verdict(check, Outcome.PASS, reason, _figures(evidence))


def _sick_baseline(evidence: Evidence) -> Doubt:
    if not evidence.journal:
        return Outcome.VACUOUS, "the experiment left no journal: it did not run to its end"
    if _steady_state(evidence, "before").get("steady_state_met") is True:
        return None
    failed = _failed_probe(evidence, "before")
    reason = f"the system was not in its steady state before the fault{failed}"
    return Outcome.INCONCLUSIVE, reason


def _no_injection(evidence: Evidence) -> Doubt:
    if evidence.action.get("status") == "succeeded":
        return None
    said = _last_line(evidence.action.get("exception")) or "the action never ran"
    return Outcome.VACUOUS, f"the fault was not injected: {said}"


def _no_proof(evidence: Evidence) -> Doubt:
    if evidence.proof is None or not evidence.proof.after_at:
        return Outcome.VACUOUS, "no witness saw the pods before and after the fault"
    doubt = evidence.expected.doubt(evidence.facts, evidence.proof)
    if doubt:
        return Outcome.VACUOUS, doubt
    if not evidence.window:
        return Outcome.VACUOUS, "no request was made during the fault"
    at, until = float(evidence.facts["at"]), float(evidence.facts["until"])
    if not evidence.proof.before_at <= at <= until <= evidence.proof.after_at:
        return (
            Outcome.VACUOUS,
            f"the fault is said to have lasted from {at:.1f} to {until:.1f}, the witness looked at "
            f"{evidence.proof.before_at:.1f} and {evidence.proof.after_at:.1f}",
        )
    return None


def _not_undone(evidence: Evidence) -> Doubt:
    steps = mappings(evidence.journal.get("rollbacks"))
    failed = [step for step in steps if step.get("status") != "succeeded"]
    if steps and not failed:
        return None
    said = _last_line(failed[0].get("exception")) if failed else ""
    return Outcome.FAIL, f"the fault may still be there: {said or 'nobody undid it'}"


def _too_much_impact(evidence: Evidence) -> Doubt:
    stated = evidence.hypothesis.availability
    if evidence.availability >= stated:
        return None
    return (
        Outcome.FAIL,
        f"{evidence.availability:.2%} of {len(evidence.window)} requests answered during the "
        f"fault, {stated:.2%} stated ({failures_by_answer(evidence.window)})",
    )


def _unwatched(evidence: Evidence) -> Doubt:
    """What comes after the last request, nobody saw: neither a failure nor a recovery."""
    watched = evidence.samples[-1].intended - float(evidence.facts["until"])
    stated = evidence.hypothesis.recovered_within
    if watched >= stated - GAP_SECONDS:
        return None
    return (
        Outcome.INCONCLUSIVE,
        f"the load ended {watched:.1f} s after the fault, {stated:.0f} s are to be watched",
    )


def _not_healed(evidence: Evidence) -> Doubt:
    stated, recovered = evidence.hypothesis.recovered_within, evidence.recovered
    missing = evidence.proof.missing(evidence.expected.workload) if evidence.proof else ""
    if missing:
        return Outcome.FAIL, missing
    if recovered is None or recovered > stated:
        took = "not at all" if recovered is None else f"after {recovered:.1f} s"
        return Outcome.FAIL, f"the gateway recovered {took}, within {stated:.0f} s stated"
    journal = evidence.journal
    if journal.get("status") != "completed" or journal.get("deviated") is not False:
        failed = _failed_probe(evidence, "after")
        return Outcome.FAIL, f"the steady state did not return after the fault{failed}"
    return None


def _events_lost_or_late(evidence: Evidence) -> Doubt:
    seen = evidence.consumers
    if seen is None or seen.unknown or seen.before is None or seen.after is None:
        why = seen.unknown if seen else "nobody asked"
        return Outcome.INCONCLUSIVE, f"how far the consumers have come is not known: {why}"
    if not seen.before.committed:
        return Outcome.VACUOUS, "the broker knows no consumer group of this environment"
    gone = seen.after.behind(seen.before)
    if gone:
        return Outcome.FAIL, f"the broker lost something: {_some(gone)}"
    group, lag = seen.lag
    if lag > MOST_LAG:
        return Outcome.FAIL, f"{group} is {lag} events behind in the end, at most {MOST_LAG}"
    return None


def _changed_outside(evidence: Evidence) -> Doubt:
    changed = _outside(evidence)
    if not changed:
        return None
    return Outcome.FAIL, f"the fault reached beyond {_radius(evidence)}: {_some(changed)}"


def _some(sentences: list[str]) -> str:
    more = f" (and {len(sentences) - SHOWN} more)" if len(sentences) > SHOWN else ""
    return "; ".join(sentences[:SHOWN]) + more


def _outside(evidence: Evidence) -> list[str]:
    return changes_outside(evidence.proof, evidence.expected.radius) if evidence.proof else []


def _radius(evidence: Evidence) -> str:
    return ", ".join(sorted(evidence.expected.radius))


def _figures(evidence: Evidence) -> dict[str, Figure]:
    figures: dict[str, Figure] = {
        "journal_status": str(evidence.journal.get("status", "absent")),
        "availability_stated": evidence.hypothesis.availability,
        "recovery_stated_s": evidence.hypothesis.recovered_within,
        "radius": _radius(evidence),
    }
    at, recovered = evidence.facts.get("at"), evidence.recovered
    if isinstance(at, int | float):
        figures |= {
            "fault": evidence.expected.title,
            "proof": _told(evidence.facts),
            "changed_outside": len(_outside(evidence)),
            "requests": len(evidence.window),
            "availability": round(evidence.availability, 5),
            "detected_s": round(evidence.detected, 2),
            "recovered_s": "never" if recovered is None else round(recovered, 2),
            "lag_events": "unknown" if evidence.lag is None else evidence.lag,
            "fault_at": at,
            "fault_until": float(evidence.facts["until"]),
            "proven_at": float(evidence.facts["proven_at"]),
        }
    if evidence.failed:
        figures["first_failed_at"] = min(sample.ended for sample in evidence.failed)
    return figures


def _told(facts: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value}"
        for name, value in facts.items()
        if isinstance(value, str | int | float) and name not in {"at", "until", "proven_at"}
    )


def _steady_state(evidence: Evidence, when: str) -> dict[str, Any]:
    return mapping(mapping(evidence.journal.get("steady_states")).get(when))


def _failed_probe(evidence: Evidence, when: str) -> str:
    for probe in mappings(_steady_state(evidence, when).get("probes")):
        if probe.get("tolerance_met") is not True:
            name = mapping(probe.get("activity")).get("name", "a probe")
            said = _last_line(probe.get("exception"))
            return f": {name} does not hold" + (f" ({said})" if said else "")
    return ""


def _last_line(exception: object) -> str:
    lines = exception.splitlines() if isinstance(exception, str) else sequence(exception)
    told = [str(line).strip() for line in lines if str(line).strip()]
    return told[-1] if told else ""

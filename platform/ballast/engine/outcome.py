"""What a run of the engine did, read from its event log."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from ballast.errors import BallastError
from ballast.kubeapi.shape import Json, mapping

_UNCHANGED = frozenset({"same", "read", "refresh", "discard"})
_SHOWN_ERRORS = 5


class EngineError(BallastError):
    """The engine stopped; the message carries what it reported, resource by resource."""


@dataclass(frozen=True)
class Outcome:
    """How many resources were created, updated, left the same and so on, and in how long."""

    counts: dict[str, int] = field(default_factory=dict[str, int])
    seconds: float = 0.0
    errors: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was, or in a preview would be, different."""
        return any(count for name, count in self.counts.items() if name not in _UNCHANGED)

    @property
    def summary(self) -> str:
        """One line: `12 create, 3 update, 200 same`."""
        shown = sorted(self.counts.items(), key=lambda item: (item[0] in _UNCHANGED, item[0]))
        return ", ".join(f"{count} {name}" for name, count in shown if count) or "nothing to do"


def read_outcome(event_log: Path) -> Outcome:
    """Sum up an event log; one that was never written gives an empty outcome."""
    counts: dict[str, int] = {}
    seconds, errors = 0.0, list[str]()
    for event in _events(event_log):
        summary = mapping(event.get("summaryEvent"))
        if summary:
            counts = {name: int(n) for name, n in mapping(summary.get("resourceChanges")).items()}
            seconds = float(summary.get("durationSeconds") or 0)
        said = _error(mapping(event.get("diagnosticEvent")))
        if said and said not in errors:
            errors.append(said)
    return Outcome(counts, seconds, tuple(errors))


def failure(verb: str, stack: str, outcome: Outcome, output: str) -> EngineError:
    """The error to raise for a run that failed."""
    told = [error for error in outcome.errors if not error.startswith("update failed")]
    shown = "\n".join(told[:_SHOWN_ERRORS]) or output.strip()[-2000:] or "it gave no reason"
    if len(told) > _SHOWN_ERRORS:
        shown += f"\n… and {len(told) - _SHOWN_ERRORS} more"
    return EngineError(
        f"pulumi {verb} of stack {stack} failed:\n{shown}",
        "correct what is named above and run the same command again: it goes on from here",
    )


def _events(event_log: Path) -> list[Json]:
    if not event_log.exists():
        return []
    events: list[Json] = []
    for line in event_log.read_text().splitlines():
        try:
            events.append(mapping(json.loads(line)))
        except ValueError:
            break  # the engine was killed while it wrote this line
    return events


def _error(diagnostic: Json) -> str:
    if diagnostic.get("severity") != "error":
        return ""
    text = str(diagnostic.get("message") or "").strip()
    urn = str(diagnostic.get("urn") or "")
    parts = urn.split("::")
    if len(parts) < 4 or "pulumi:pulumi:Stack" in urn:
        return text
    return f"{parts[2].rpartition('$')[2]} {parts[3]}: {text}"

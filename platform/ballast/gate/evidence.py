"""The evidence of a run as an in-toto statement: what was tested, how, with what outcome, until
when it counts.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, Final

from ballast.gate.plan import Plan
from ballast.gate.verdict import Outcome, Verdict, overall

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"
VALID_FOR: Final = timedelta(hours=24)
TOOLS: Final = ("locust", "chaostoolkit", "chaostoolkit-lib", "scipy", "securesystemslib")


@dataclass(frozen=True)
class SampleRecord:
    """The raw samples that the verdicts rest on: planned and written requests, their digest."""

    planned: int
    written: int
    sha256: str


def statement(
    run: str,
    plan: Plan,
    verdicts: Sequence[Verdict],
    samples: SampleRecord,
    *,
    start: float,
    end: float,
) -> dict[str, Any]:
    """The statement of one run; `start` and `end` are Unix seconds."""
    passed = [verdict.check for verdict in verdicts if verdict.passed]
    failed = [verdict.check for verdict in verdicts if not verdict.passed]
    expires = datetime.fromtimestamp(end, UTC) + VALID_FOR
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": repository, "digest": {"sha256": digest}}
            for repository, _, digest in (
                image.partition("@sha256:") for image in plan.images.values()
            )
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "result": "PASSED" if overall(list(verdicts)) is Outcome.PASS else "FAILED",
            "configuration": [
                {"name": path, "digest": {"sha256": digest}}
                for path, digest in plan.configuration.items()
            ],
            "passedTests": passed,
            "failedTests": failed,
            "gate": {
                "run": run,
                "environment": plan.source,
                "target": plan.target,
                "seeds": {"load": plan.seed, "chaos": plan.seed},
                "baseline": plan.baseline_images,
                "samples": asdict(samples),
                "verdicts": [
                    {**asdict(verdict), "outcome": verdict.outcome.value} for verdict in verdicts
                ],
                "tools": {"python": _python()} | {tool: version(tool) for tool in TOOLS},
                "start": _time(start),
                "end": _time(end),
                "expires": expires.isoformat(timespec="seconds"),
            },
        },
    }


def _time(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="seconds")


def _python() -> str:
    import platform

    return platform.python_version()

"""The plan of a promotion's run, derived from the repository: nothing of it is typed by hand."""

import hashlib
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ballast.errors import BallastError
from ballast.gate.binomial import needed_samples
from ballast.gate.chaos_verdict import Hypothesis
from ballast.gate.judge import GENERATOR_CHECK
from ballast.gate.ledger import LEDGER_CHECK
from ballast.gate.shape import LoadShape, load_shape
from ballast.paths import repository_root
from ballast.release import Release
from ballast.slo.model import Slo, load_slos

SHAPE: Final = "loadtests/steady.yaml"
SCENARIO: Final = "loadtests/todo_open_model.py"
EXPERIMENT: Final = "chaos/kill-task-service.yaml"
POLICY: Final = "policies/rego/promotion.rego"


class Plan(BaseModel):
    """What is run, on what, and which checks must pass. Equal plans make equal runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    target: str
    seed: int
    images: dict[str, str]
    slos: Annotated[list[str], Field(min_length=1)]
    shape: LoadShape
    experiment: str
    hypothesis: Hypothesis
    latency_threshold: float
    checks: list[str]
    configuration: dict[str, str]

    @property
    def samples_needed(self) -> int:
        """Fewest steady samples that can prove the strictest objective, when none fails."""
        return max(
            needed_samples(slo.target, slo.gate.confidence)
            for slo in load_slos()
            if slo.gate and slo.name in self.slos
        )


def derive_plan(
    source: str,
    target: str,
    candidate: Release,
    *,
    root: Path | None = None,
    seed: int | None = None,
) -> Plan:
    """The plan of a promotion; the seed follows from the digests unless one is given.

    Raises BallastError when the load could not prove the objectives even without one failure.
    """
    root = root or repository_root()
    slos = [slo for slo in load_slos(root / "slo") if slo.gate]
    shape = load_shape(root / SHAPE)
    _check_power(slos, shape)
    experiment_check = f"chaos/{Path(EXPERIMENT).stem}"
    return Plan(
        source=source,
        target=target,
        seed=_seed(candidate) if seed is None else seed,
        images={name: str(image) for name, image in candidate.images.items()},
        slos=[slo.name for slo in slos],
        shape=shape,
        experiment=EXPERIMENT,
        hypothesis=_hypothesis(slos, shape),
        latency_threshold=min(
            (s.gate.threshold_seconds for s in slos if s.gate and s.gate.threshold_seconds),
            default=1.0,
        ),
        checks=[
            GENERATOR_CHECK,
            *(f"slo/{slo.name}" for slo in slos),
            experiment_check,
            LEDGER_CHECK,
        ],
        configuration=_digests(root, [slo.path for slo in slos]),
    )


def _hypothesis(slos: list[Slo], shape: LoadShape) -> Hypothesis:
    for slo in slos:
        if slo.gate and slo.gate.during_fault:
            stated = slo.gate.during_fault
            return Hypothesis(
                availability=stated.availability,
                recovered_within=stated.recovered_within_seconds,
                window_seconds=shape.fault_seconds,
            )
    raise BallastError(
        "no SLO says what a fault may cost", "Add duringFault to a LoadGate in slo/."
    )


def _check_power(slos: list[Slo], shape: LoadShape) -> None:
    expected = shape.rate_per_second * shape.steady_seconds
    for slo in slos:
        needed = needed_samples(slo.target, slo.gate.confidence) if slo.gate else 0
        if expected < needed:
            raise BallastError(
                f"{SHAPE} makes about {expected:.0f} requests in its steady window; {slo.name} "
                f"needs {needed} without a failure",
                "Raise steadySeconds or ratePerSecond.",
            )


def _seed(candidate: Release) -> int:
    digests = "".join(candidate.digests.values())
    return int.from_bytes(hashlib.sha256(digests.encode()).digest()[:4], "big")


def _digests(root: Path, slo_paths: list[str]) -> dict[str, str]:
    files = sorted([SHAPE, SCENARIO, EXPERIMENT, POLICY, *slo_paths])
    return {path: hashlib.sha256((root / path).read_bytes()).hexdigest() for path in files}

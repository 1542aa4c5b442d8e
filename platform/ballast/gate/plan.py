"""The plan of a promotion's run, derived from the repository: nothing of it is typed by hand."""

import hashlib
import random
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ballast.errors import BallastError
from ballast.gate.binomial import needed_samples
from ballast.gate.catalogue import CATALOGUE, TEMPLATE, Entry, find_experiment, load_catalogue
from ballast.gate.chaos_verdict import HEALED_SECONDS, Hypothesis
from ballast.gate.figures import ServerFigure, load_figures
from ballast.gate.history.judge import HISTORY_CHECK
from ballast.gate.judge import GENERATOR_CHECK
from ballast.gate.ledger import LEDGER_CHECK
from ballast.gate.policy import policy_files
from ballast.gate.regression import Baseline
from ballast.gate.shape import LoadShape, load_shape
from ballast.paths import repository_root
from ballast.release import Release
from ballast.slo.model import Slo, load_slos
from ballast.supply.folder import COMPILED, folder_digest

SHAPES: Final = "loadtests"
PROMOTION_SHAPE: Final = "steady"
SCENARIO: Final = ("loadtests/todo_open_model.py", "loadtests/todo_requests.py")
FIGURES: Final = "loadtests/server/figures.yaml"
# The gate that judges is evidence too: a record counts only for the code that made it.
GATE: Final = "platform/ballast/gate"
# Of the eight minutes of a promotion, those under fault: one experiment.
CHAOS_SECONDS: Final = 40.0
# From the start of an experiment to its fault: chaostoolkit starts and looks at the baseline.
STARTING_SECONDS: Final = 5.0


class Plan(BaseModel):
    """What is run, on what, and which checks must pass. Equal plans make equal runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    target: str
    seed: int
    images: dict[str, str]
    slos: Annotated[list[str], Field(min_length=1)]
    shape: LoadShape
    baseline: Baseline | None = None
    figures: list[ServerFigure]
    experiments: dict[str, Hypothesis]
    latency_threshold: float
    checks: list[str]
    configuration: dict[str, str]

    @property
    def recovery(self) -> float:
        """Seconds that the slowest recovery may take; 0 without an experiment."""
        return max((each.recovered_within for each in self.experiments.values()), default=0.0)

    @property
    def baseline_images(self) -> dict[str, str]:
        """Images of the release to compare with; none when the target serves nothing."""
        return self.baseline.images if self.baseline else {}

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
    old: Release | None = None,
    shape: str = PROMOTION_SHAPE,
    root: Path | None = None,
    seed: int | None = None,
    experiments: Sequence[str] = (),
) -> Plan:
    """The plan of a run; the seed follows from the digests unless one is given.

    `old` is what the target serves, None only when it serves nothing: then there is nothing to
    compare with. Experiments are those named, else a draw from those that touch a service which
    the release changes; a load without a fault window has none. Raises BallastError when the load
    could not prove the objectives even without one failure.
    """
    root = root or repository_root()
    slos = [slo for slo in load_slos(root / "slo") if slo.gate]
    path = f"{SHAPES}/{shape}.yaml"
    load = load_shape(root / path)
    if load.objectives:
        _check_power(slos, load, path)
    baseline = _baseline(slos, old) if load.old_block_seconds else None
    figures = [
        figure
        for figure in load_figures(root / FIGURES)
        if load.objectives and (figure.operation is None or load.mix.get(figure.operation))
    ]
    seed = _seed(candidate) if seed is None else seed
    chosen = _experiments(load, experiments, changed(candidate, old), seed, root)
    hypotheses = {
        name: _hypothesis(slos, load.fault_seconds, entry) for name, entry in chosen.items()
    }
    return Plan(
        source=source,
        target=target,
        seed=seed,
        images={name: str(image) for name, image in candidate.images.items()},
        slos=[slo.name for slo in slos],
        shape=load.model_copy(
            update={
                "fault_seconds": sum(
                    each.window_seconds + STARTING_SECONDS for each in hypotheses.values()
                )
            }
        ),
        baseline=baseline,
        figures=figures,
        experiments=hypotheses,
        latency_threshold=min(
            (s.gate.threshold_seconds for s in slos if s.gate and s.gate.threshold_seconds),
            default=1.0,
        ),
        checks=[
            GENERATOR_CHECK,
            *(f"slo/{slo.name}" for slo in slos if load.objectives),
            *([baseline.check] if baseline else []),
            *(figure.check for figure in figures),
            *(f"chaos/{name}" for name in chosen),
            LEDGER_CHECK,
            HISTORY_CHECK,
        ],
        configuration=_digests(root, [path, FIGURES, *(slo.path for slo in slos)]),
    )


def changed(candidate: Release, old: Release | None) -> frozenset[str]:
    """Services whose digest the target does not serve; all when it serves nothing."""
    served = old.digests if old else {}
    return frozenset(s for s, digest in candidate.digests.items() if served.get(s) != digest)


def _baseline(slos: list[Slo], old: Release | None) -> Baseline | None:
    asked = [(slo, slo.gate.non_inferiority) for slo in slos if slo.gate]
    rules = [(slo.name, rule) for slo, rule in asked if rule]
    if len(rules) != 1:
        raise BallastError(
            f"{len(rules)} SLOs say how much slower a release may be; a load has one comparison",
            "Keep nonInferiority in exactly one LoadGate in slo/.",
        )
    if old is None:
        return None
    (name, rule), images = rules[0], {each: str(image) for each, image in old.images.items()}
    return Baseline(slo=name, rule=rule, images=images)


def _experiments(
    load: LoadShape, named: Sequence[str], touched: Collection[str], seed: int, root: Path
) -> dict[str, Entry]:
    if named and not load.fault_seconds:
        raise BallastError(
            "this load has no time for an experiment", "Choose a shape with faultSeconds."
        )
    if named:
        return {name: find_experiment(name, root) for name in named}
    most = int(CHAOS_SECONDS // load.fault_seconds) if load.fault_seconds else 0
    return _draw(load_catalogue(root), touched, seed, most)


def _draw(
    catalogue: dict[str, Entry], changed: Collection[str], seed: int, most: int
) -> dict[str, Entry]:
    """As many standard experiments as there is time for; without a change, of any service."""
    standard = [name for name, entry in catalogue.items() if entry.standard]
    telling = [name for name in standard if catalogue[name].touches & set(changed)] or standard
    random.Random(seed).shuffle(telling)  # noqa: S311 - reproducible
    return {name: catalogue[name] for name in telling[:most]}


def _hypothesis(slos: list[Slo], least: float, entry: Entry) -> Hypothesis:
    """What an experiment may cost, in a window of `least` seconds or as many as it takes to see
    that a fault that lasts was recovered from in time.
    """
    for slo in slos:
        if slo.gate and slo.gate.during_fault:
            stated = slo.gate.during_fault
            recovered = entry.recovered_within or stated.recovered_within_seconds
            return Hypothesis(
                availability=entry.availability or stated.availability,
                recovered_within=recovered,
                window_seconds=max(least, (entry.seconds or 0) + recovered + HEALED_SECONDS),
            )
    raise BallastError(
        "no SLO says what a fault may cost", "Add duringFault to a LoadGate in slo/."
    )


def _check_power(slos: list[Slo], shape: LoadShape, path: str) -> None:
    expected = shape.expected
    for slo in slos:
        needed = needed_samples(slo.target, slo.gate.confidence) if slo.gate else 0
        if expected < needed:
            raise BallastError(
                f"{path} makes about {expected:.0f} judged requests; {slo.name} "
                f"needs {needed} without a failure",
                "Raise the seconds or the rate of its stages.",
            )


def _seed(candidate: Release) -> int:
    digests = "".join(candidate.digests.values())
    return int.from_bytes(hashlib.sha256(digests.encode()).digest()[:4], "big")


def _digests(root: Path, paths: list[str]) -> dict[str, str]:
    files = sorted([*SCENARIO, CATALOGUE, TEMPLATE, *policy_files(root), *paths])
    found = {path: hashlib.sha256((root / path).read_bytes()).hexdigest() for path in files}
    return found | {GATE: folder_digest(Path(__file__).parent, COMPILED)}

"""What the services say of themselves over a run: stated as PromQL, read from Prometheus, judged.

A number that is absent, not finite, old, or rests on too little is not a pass.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from ballast.errors import BallastError
from ballast.gate.schedule import Operation
from ballast.gate.verdict import Figure, Outcome, Verdict
from ballast.kubeapi.shape import mapping, mappings, sequence

STALE_SECONDS = 60.0  # four scrapes
FEWEST = 20  # the 95th percentile of fewer is their largest


class ServerFigure(BaseModel):
    """One number of a run. Without an `operation` it is judged for every load, else for those that
    do it.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True,
        allow_inf_nan=False,  # what is at most endless is always met
    )  # fmt: skip

    name: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    says: str
    series: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    count: str
    query: str
    at_most: Annotated[float, Field(ge=0)]
    operation: Operation | None = None

    @property
    def check(self) -> str:
        """Name of the check."""
        return f"server/{self.name}"


def load_figures(path: Path) -> list[ServerFigure]:
    """Read the figures; BallastError naming the file and what is wrong in it."""
    try:
        read = TypeAdapter(list[ServerFigure]).validate_python(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError, ValidationError) as wrong:
        raise BallastError(
            f"{path} does not state figures: {wrong}", "Compare it with the committed one."
        ) from wrong
    if not read:
        raise BallastError(f"{path} states no figure", "Restore it from Git.")
    return read


@dataclass(frozen=True)
class Prometheus:
    """Numbers of one namespace between two Unix times."""

    url: str
    namespace: str
    start: float
    end: float

    def number(self, query: str) -> float | None:
        """The value of a query at the end of the time, None without a result.

        Raises BallastError when Prometheus cannot be asked or gives more than one number.
        """
        filled = query.replace("$namespace", self.namespace)
        filled = filled.replace("$window", f"{max(1, round(self.end - self.start))}s")
        try:
            asked = {"query": filled, "time": f"{self.end:.3f}"}
            with httpx.Client(timeout=10.0, trust_env=False) as client:
                answer = client.get(f"{self.url}/api/v1/query", params=asked)
            said = mapping(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            raise BallastError(f"Prometheus cannot be asked: {error}", "Is it up?") from error
        if said.get("status") != "success":
            raise BallastError(f"Prometheus refuses {filled}: {said.get('error')}")
        results = mappings(mapping(said.get("data")).get("result"))
        if len(results) > 1:
            raise BallastError(f"{filled} gives {len(results)} numbers and not one")
        return float(sequence(results[0]["value"])[1]) if results else None


def judge_figures(
    figures: Sequence[ServerFigure], number: Callable[[str], float | None]
) -> list[Verdict]:
    """A verdict on each figure; `number` answers a query or raises BallastError."""
    verdicts: list[Verdict] = []
    for figure in figures:
        try:
            verdicts.append(_judge(figure, number))
        except BallastError as unknown:
            verdicts.append(Verdict(figure.check, Outcome.INCONCLUSIVE, str(unknown)))
    return verdicts


def _judge(figure: ServerFigure, number: Callable[[str], float | None]) -> Verdict:
    figures: dict[str, Figure] = {"at_most": figure.at_most}

    def verdict(outcome: Outcome, reason: str) -> Verdict:
        return Verdict(figure.check, outcome, reason, figures)

    age = number(f'time() - max(timestamp({figure.series}{{namespace="$namespace"}}))')
    if age is None:
        return verdict(Outcome.VACUOUS, f"Prometheus knows no {figure.series} of this environment")
    if math.isfinite(age):  # a record with NaN is no JSON
        figures["age_s"] = round(age, 1)
    if not age <= STALE_SECONDS:
        return verdict(
            Outcome.INCONCLUSIVE, f"the newest {figure.series} is {age:.0f} s older than the load"
        )
    counted = number(figure.count)
    count = round(counted) if counted is not None and math.isfinite(counted) else 0
    figures["count"] = count
    if count < FEWEST:
        return verdict(Outcome.VACUOUS, f"it would rest on {count}, {FEWEST} are needed")
    value = number(figure.query)
    if value is None or not math.isfinite(value):
        return verdict(Outcome.INCONCLUSIVE, f"the figure is {value}: no number to judge")
    figures["value"] = round(value, 4)
    outcome = Outcome.PASS if value <= figure.at_most else Outcome.FAIL
    return verdict(outcome, f"{figure.says}: {value:.3g}, at most {figure.at_most:g}")

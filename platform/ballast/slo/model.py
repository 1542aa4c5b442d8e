"""The part of OpenSLO v1 that this platform reads, and the gate section that goes with each SLO."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from ballast.errors import BallastError
from ballast.paths import repository_root


class Strict(BaseModel):
    """A frozen mapping with camelCase keys that refuses keys it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True,
        allow_inf_nan=False,
    )  # fmt: skip


class Query(Strict):
    """A counter selector without functions: the compiler adds `rate` and the windows."""

    query: str


class MetricSource(Strict):
    type: Literal["Prometheus"]
    spec: Query


class Metric(Strict):
    metric_source: MetricSource


class RatioMetric(Strict):
    """Events counted as `bad` or as `good`, out of `total`: exactly one of the two."""

    counter: Literal[True]
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric

    @model_validator(mode="after")
    def one_numerator(self) -> "RatioMetric":
        if (self.good is None) == (self.bad is None):
            raise ValueError("ratioMetric needs exactly one of `good` and `bad`")
        return self

    @property
    def numerator_query(self) -> str:
        """The selector of whichever of bad and good is given."""
        return next(part.metric_source.spec.query for part in (self.bad, self.good) if part)


class IndicatorSpec(Strict):
    ratio_metric: RatioMetric


class IndicatorName(Strict):
    name: str


class Indicator(Strict):
    metadata: IndicatorName
    spec: IndicatorSpec


class TimeWindow(Strict):
    duration: Literal["30d"]
    is_rolling: Literal[True]


class Objective(Strict):
    display_name: str
    target: Annotated[float, Field(gt=0.5, lt=1.0)]


class Annotations(Strict):
    """Who owns the SLO and where its runbook is, as keys under `ballast.dev/`."""

    owner: str = Field(alias="ballast.dev/owner")
    runbook: str = Field(alias="ballast.dev/runbook")


class Metadata(Strict):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    display_name: str
    annotations: Annotations


class SloSpec(Strict):
    description: str
    service: str
    indicator: Indicator
    time_window: Annotated[list[TimeWindow], Field(min_length=1, max_length=1)]
    budgeting_method: Literal["Occurrences"]
    objectives: Annotated[list[Objective], Field(min_length=1, max_length=1)]


class DuringFault(Strict):
    """What one fault may cost: the share of requests still answered, and seconds to recover."""

    availability: Annotated[float, Field(ge=0, le=1)]
    recovered_within_seconds: Annotated[float, Field(gt=0)]


class NonInferiority(Strict):
    """How much slower than the old release a new one may be, as a share, and how sure that is.

    Old and new take turns in pairs of blocks. `look_after_pairs` says after how many pairs the
    comparison may end; the last one is the most that is ever tried.
    """

    quantile: Annotated[float, Field(gt=0.5, lt=1)]
    margin: Annotated[float, Field(gt=0, lt=1)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    look_after_pairs: Annotated[tuple[int, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def looks_at_whole_blocks(self) -> "NonInferiority":
        looks = self.look_after_pairs
        if looks != tuple(sorted(set(looks))) or any(pairs < 4 or pairs % 2 for pairs in looks):
            raise ValueError("lookAfterPairs rises in even numbers from 4 on: whole ABBA blocks")
        return self


class GateSpec(Strict):
    """How a load run judges this SLO: which samples are bad, and how sure the verdict must be."""

    bad_sample: Literal["server-error", "slower-than-threshold"]
    threshold_seconds: Annotated[float, Field(gt=0)] | None = None
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    during_fault: DuringFault | None = None
    non_inferiority: NonInferiority | None = None

    @model_validator(mode="after")
    def threshold_where_needed(self) -> "GateSpec":
        if (self.bad_sample == "slower-than-threshold") != (self.threshold_seconds is not None):
            raise ValueError("thresholdSeconds belongs to badSample: slower-than-threshold only")
        return self


class SloDocument(Strict):
    api_version: Literal["openslo/v1"]
    kind: Literal["SLO"]
    metadata: Metadata
    spec: SloSpec


class GateMetadata(Strict):
    name: str


class GateDocument(Strict):
    api_version: Literal["ballast.dev/v1"]
    kind: Literal["LoadGate"]
    metadata: GateMetadata
    spec: GateSpec


class Slo(Strict):
    """One objective with its gate section (None when only production traffic can judge it)."""

    document: SloDocument
    gate: GateSpec | None
    path: str

    @property
    def name(self) -> str:
        return self.document.metadata.name

    @property
    def service(self) -> str:
        return self.document.spec.service

    @property
    def target(self) -> float:
        return self.document.spec.objectives[0].target

    @property
    def ratio(self) -> RatioMetric:
        return self.document.spec.indicator.spec.ratio_metric


def parse_slo(text: str, path: str) -> Slo:
    """Read one SLO file: an OpenSLO document, then optionally its LoadGate document.

    Raises BallastError naming the file and every key that is wrong.
    """
    try:
        documents = list[Any](yaml.safe_load_all(text))
    except yaml.YAMLError as broken:
        raise BallastError(f"{path} is not YAML: {broken}", "Correct the file.") from broken
    if len(documents) not in (1, 2):
        raise BallastError(
            f"{path} holds {len(documents)} documents; an SLO file holds the SLO and its LoadGate",
            "Keep one SLO a file.",
        )
    try:
        slo = SloDocument.model_validate(documents[0])
        gate = GateDocument.model_validate(documents[1]) if len(documents) > 1 else None
    except ValidationError as wrong:
        details = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in wrong.errors()
        )
        raise BallastError(
            f"{path} is not an SLO that this platform reads: {details}",
            "Compare it with slo/gateway-availability.yaml.",
        ) from wrong
    if gate and gate.metadata.name != slo.metadata.name:
        raise BallastError(
            f"{path}: the LoadGate is named {gate.metadata.name}, the SLO {slo.metadata.name}",
            "Give both documents the same name.",
        )
    return Slo(document=slo, gate=gate.spec if gate else None, path=path)


def load_slos(folder: Path | None = None) -> list[Slo]:
    """Read every slo/*.yaml in name order. Raises BallastError when there is none or one is bad."""
    folder = folder or repository_root() / "slo"
    slos = [
        parse_slo(path.read_text(), f"{folder.name}/{path.name}")
        for path in sorted(folder.glob("*.yaml"))
    ]
    if not slos:
        raise BallastError(f"no SLO file in {folder}", "Write one: slo/<name>.yaml.")
    return slos

"""The shape of a load run, read from loadtests/<name>.yaml."""

import math
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from ballast.errors import BallastError
from ballast.gate.schedule import Arrivals, Segment, Weights

Positive = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True,
        allow_inf_nan=False,
    )  # fmt: skip


class Stage(_Strict):
    """Seconds at a rate; with `to_rate_per_second` the rate moves there evenly."""

    seconds: Positive
    rate_per_second: Positive
    to_rate_per_second: Positive | None = None

    @property
    def end_rate(self) -> float:
        """Requests a second at the end of the stage."""
        return self.to_rate_per_second or self.rate_per_second


class LoadShape(_Strict):
    """Stages of a run and what its users do.

    The warm-up is not judged, the stages judge the objectives, and the fault window is a tail in
    which the experiment runs under the last rate. Where an old release is compared, the judged time
    is cut into blocks, and each gets a block of `old_block_seconds` of the old release beside it.
    All reminders of a run are due at one moment, `reminders_due_at_seconds` after its start.
    Without `objectives` a load judges its experiments and what users were told, and nothing else.
    """

    arrivals: Arrivals
    requests_per_user_per_minute: Positive
    warmup_seconds: Positive
    stages: Annotated[list[Stage], Field(min_length=1)]
    old_block_seconds: Positive | None = None
    fault_seconds: Annotated[float, Field(ge=0)] = 0
    reminders_due_at_seconds: Positive | None = None
    objectives: bool = True
    mix: Weights

    @model_validator(mode="after")
    def fits_together(self) -> "LoadShape":
        """Blocks can only be compared at one rate; reminders need their moment."""
        rates = {rate for s in self.stages for rate in (s.rate_per_second, s.end_rate)}
        if self.old_block_seconds and len(rates) > 1:
            raise ValueError("oldBlockSeconds needs stages of one rate")
        if bool(self.mix.get("remind")) != (self.reminders_due_at_seconds is not None):
            raise ValueError("remindersDueAtSeconds and `remind` in the mix go together")
        if not sum(self.mix.values()):
            raise ValueError("the mix names nothing to do")
        return self

    @property
    def judged_seconds(self) -> float:
        """Seconds for which the new release is judged."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def expected(self) -> float:
        """Requests that the judged time makes on average."""
        return sum(s.seconds * (s.rate_per_second + s.end_rate) / 2 for s in self.stages)

    @property
    def peak_rate(self) -> float:
        """The highest rate, in requests a second."""
        return max(rate for s in self.stages for rate in (s.rate_per_second, s.end_rate))

    @property
    def users(self) -> int:
        """Fewest users that stay under their own request limit at the peak."""
        return math.ceil(self.peak_rate * 60 / self.requests_per_user_per_minute)

    def segments(self, pairs: int) -> tuple[Segment, ...]:
        """The run as segments, in `pairs` pairs of blocks beside the old release, or none."""
        first, last = self.stages[0].rate_per_second, self.stages[-1].end_rate
        warmup = Segment(seconds=self.warmup_seconds, rate=first, to_rate=first)
        made = [warmup]
        if pairs:
            made += [warmup.model_copy(update={"release": "old"}), *self._blocks(pairs)]
        else:
            made += [
                Segment(seconds=s.seconds, rate=s.rate_per_second, to_rate=s.end_rate, judged=True)
                for s in self.stages
            ]
        if self.fault_seconds:
            made.append(Segment(seconds=self.fault_seconds, rate=last, to_rate=last))
        return tuple(made)

    def _blocks(self, pairs: int) -> list[Segment]:
        if self.old_block_seconds is None:
            raise ValueError("a shape without oldBlockSeconds compares nothing")
        rate, length = self.peak_rate, self.judged_seconds / pairs
        made: list[Segment] = []
        for pair in range(1, pairs + 1):
            new = Segment(seconds=length, rate=rate, to_rate=rate, pair=pair, judged=True)
            old = new.model_copy(update={"seconds": self.old_block_seconds, "release": "old"})
            made += [new, old] if pair % 2 else [old, new]
        return made


def load_shape(path: Path) -> LoadShape:
    """Read a shape; BallastError naming the file and the first wrong key."""
    try:
        return LoadShape.model_validate(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError, ValidationError) as wrong:
        raise BallastError(
            f"{path} is not a load shape: {wrong}", "Compare it with loadtests/steady.yaml."
        ) from wrong

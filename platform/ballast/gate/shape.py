"""The shape of a load run, read from loadtests/<name>.yaml."""

import math
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ballast.errors import BallastError

Positive = Annotated[float, Field(gt=0)]


class LoadShape(BaseModel):
    """Arrivals a second, the lengths of the three phases in seconds, and what users do.

    The warm-up is not judged, the steady window judges the objectives, and the fault window is the
    tail in which the experiment runs under the same load.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    arrivals: Literal["poisson", "constant"]
    rate_per_second: Positive
    warmup_seconds: Positive
    steady_seconds: Positive
    fault_seconds: Positive
    requests_per_user_per_minute: Positive
    mix: dict[Literal["create", "list", "get", "complete"], Annotated[int, Field(ge=0)]]

    @property
    def seconds(self) -> float:
        """Length of the whole run in seconds."""
        return self.warmup_seconds + self.steady_seconds + self.fault_seconds

    @property
    def users(self) -> int:
        """Fewest users that stay under their own request limit at this rate."""
        return math.ceil(self.rate_per_second * 60 / self.requests_per_user_per_minute)


def load_shape(path: Path) -> LoadShape:
    """Read a shape; BallastError naming the file and the first wrong key."""
    try:
        return LoadShape.model_validate(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError, ValidationError) as wrong:
        raise BallastError(
            f"{path} is not a load shape: {wrong}", "Compare it with loadtests/steady.yaml."
        ) from wrong

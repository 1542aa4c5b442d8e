"""The experiments that there are: chaos/catalogue.yaml."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from ballast.errors import BallastError
from ballast.gate.targets import BACKING
from ballast.names import SERVICES
from ballast.paths import repository_root

CATALOGUE: Final = "chaos/catalogue.yaml"
TEMPLATE: Final = "chaos/experiment.yaml"

FaultKind = Literal[
    "kill-pod", "kill-container", "freeze", "delay", "latency", "loss", "squeeze", "down", "drain",
    "memory", "disk-full", "revoke", "expire", "kill-leader", "rebalance",
]  # fmt: skip
_NEEDED: Final = {
    "kill-container": ("container",),
    "freeze": ("container", "seconds"),
    "delay": ("container", "seconds"),
    "latency": ("peer", "seconds"),
    "loss": ("peer", "seconds", "share"),
    "squeeze": ("container", "seconds", "share"),
    "down": ("seconds",),
    "drain": ("seconds",),
    "memory": ("container", "seconds"),
    "disk-full": ("container", "seconds"),
    "expire": ("container", "seconds"),
    "rebalance": ("container",),
}
Seconds = Annotated[float, Field(gt=0, le=30)]
Share = Annotated[float, Field(gt=0, le=1)]


def _known(name: str) -> str:
    if name not in {*SERVICES, *BACKING}:
        raise ValueError(f"no experiment can aim at {name}")
    return name


Workload = Annotated[str, AfterValidator(_known)]


class Entry(BaseModel):
    """One experiment: which fault, on what, and what it may cost.

    `share` is of the packets lost, or of one core left. Without `availability` and
    `recovered_within` (seconds) the SLO's own duringFault holds. `may_change` are workloads beside
    the target that the fault may restart. `standard` experiments are those a promotion draws from.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True,
        allow_inf_nan=False,
    )  # fmt: skip

    fault: FaultKind
    target: Workload
    container: str | None = None
    peer: Workload | None = None
    seconds: Seconds | None = None
    share: Share | None = None
    availability: Share | None = None
    recovered_within: Annotated[float, Field(gt=0)] | None = None
    may_change: tuple[str, ...] = ()
    standard: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = {name for name in ("container", "peer", "seconds", "share") if getattr(self, name)}
        if given != set(_NEEDED.get(self.fault, ())):
            needed = ", ".join(_NEEDED.get(self.fault, ())) or "nothing but its target"
            raise ValueError(f"{self.fault} needs {needed}, not {', '.join(sorted(given))}")
        return self

    @property
    def touches(self) -> frozenset[str]:
        """Services that the experiment says something about."""
        named = frozenset(s for s in SERVICES if s in {self.target, self.peer})
        return named or frozenset(SERVICES)


_ENTRIES: Final = TypeAdapter(dict[str, Entry])


def load_catalogue(root: Path | None = None) -> dict[str, Entry]:
    """Experiments by name, the most telling first; BallastError naming the first wrong key."""
    path = (root or repository_root()) / CATALOGUE
    try:
        return _ENTRIES.validate_python(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError, ValidationError) as wrong:
        raise BallastError(
            f"{path} is not a catalogue of experiments: {wrong}",
            "Compare its entries with each other.",
        ) from wrong


def find_experiment(name: str, root: Path | None = None) -> Entry:
    """An experiment by name; BallastError naming all when there is none."""
    known = load_catalogue(root)
    if name not in known:
        raise BallastError(f"there is no experiment {name}", f"One of: {', '.join(known)}.")
    return known[name]

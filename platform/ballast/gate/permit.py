"""Permits: signed statements that let images into an environment, each named and with an end."""

import getpass
import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from ballast.errors import BallastError
from ballast.gate.evidence import STATEMENT

PREDICATE: Final = "https://ballast.dev/permit/v1"
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]


class Kind(StrEnum):
    """Why a permit exists."""

    PROMOTION = "promotion"  # the gate passed
    HOTFIX = "hotfix"  # it passed with what a hotfix may leave out
    BOOTSTRAP = "bootstrap"  # the first release of a new environment: nothing was proven
    BREAK_GLASS = "break-glass"  # a person decided


LONGEST: Final = {
    Kind.PROMOTION: timedelta(hours=24),
    Kind.HOTFIX: timedelta(days=3),
    Kind.BOOTSTRAP: timedelta(hours=24),
    Kind.BREAK_GLASS: timedelta(hours=24),
}


class Permit(BaseModel):
    """The predicate: who let what in, why, from when until when.

    `source`, `basis` (the path of the gate's record) and `sign_offs` (path by role, where people
    were asked) belong to promotions and hotfixes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    name: Name
    by: Sentence
    reason: Sentence
    target: str
    made: AwareDatetime
    until: AwareDatetime
    source: str | None = None
    basis: str | None = None
    sign_offs: dict[str, str] | None = None

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        longest = LONGEST[self.kind]
        if not self.made < self.until <= self.made + longest:
            hours = longest.total_seconds() / 3600
            raise ValueError(f"a {self.kind} permit ends after it was made and within {hours:g} h")
        if (self.kind in (Kind.PROMOTION, Kind.HOTFIX)) != bool(self.source and self.basis):
            raise ValueError("source and basis belong to promotions and hotfixes, and only to them")
        return self

    @property
    def path(self) -> str:
        """Where its envelope is kept in Git."""
        return f"gitops/evidence/{self.target}/{self.kind}-{self.name}.dsse.json"

    def statement(self, images: Iterable[str]) -> dict[str, Any]:
        """The in-toto statement that is signed; `images` are repository@sha256:digest."""
        parts = [image.partition("@sha256:") for image in images]
        return {
            "_type": STATEMENT,
            "subject": [{"name": name, "digest": {"sha256": digest}} for name, _, digest in parts],
            "predicateType": PREDICATE,
            "predicate": self.model_dump(mode="json", exclude_none=True),
        }


def permit(**facts: Any) -> Permit:
    """A permit of these facts; BallastError naming the fact that is wrong."""
    try:
        return Permit.model_validate(facts)
    except ValidationError as error:
        raise BallastError(
            f"no such permit can be given: {reasons(error)}",
            "A name is lower case with dashes; a hotfix ends within 3 days, others within 24 h.",
        ) from error


def parse(predicate: Mapping[str, Any]) -> Permit:
    """The permit in a statement; ValidationError when it is none."""
    return Permit.model_validate(predicate)


def reasons(error: ValidationError) -> str:
    """What a validation found, as one sentence."""
    return "; ".join(
        ": ".join(
            filter(None, [".".join(map(str, e["loc"])), e["msg"].removeprefix("Value error, ")])
        )
        for e in error.errors(include_url=False)
    )


def whole_seconds(time: datetime) -> datetime:
    """The time as permits write it: what OPA, CEL and people read alike."""
    return time.replace(microsecond=0)


def operator() -> str:
    """Who gives a permit: the user of this machine, also behind sudo."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return f"user {os.getuid()}"

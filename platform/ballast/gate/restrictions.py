"""What Git says against a promotion: frozen environments and blocked digests."""

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import yaml
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from ballast.errors import BallastError
from ballast.gate.record_store import Repository
from ballast.release import Digest

FOLDER: Final = "gitops/gate"
FREEZES: Final = f"{FOLDER}/freezes.yaml"
BLOCKED: Final = f"{FOLDER}/blocked-digests.yaml"

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Freeze(_Frozen):
    """Until `until`, only a hotfix enters the environment."""

    environment: str
    start: AwareDatetime
    until: AwareDatetime
    reason: Sentence
    by: Sentence

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> "Freeze":
        if self.until <= self.start:
            raise ValueError(f"a freeze ends after its start, {self.start.isoformat()}")
        return self


class Freezes(_Frozen):
    """The file freezes.yaml; `ballast freeze` and `ballast unfreeze` write it."""

    freezes: tuple[Freeze, ...] = ()

    def without(self, environment: str) -> "Freezes":
        """The same with no freeze of an environment."""
        return Freezes(freezes=tuple(f for f in self.freezes if f.environment != environment))


class BlockedDigest(_Frozen):
    """An image that no promotion may move, not even as a hotfix."""

    digest: Digest
    reason: Sentence


class Blocked(_Frozen):
    """The file blocked-digests.yaml; people write it, in the checkout."""

    blocked: tuple[BlockedDigest, ...]


Document = TypeVar("Document", Freezes, Blocked)


def freezes(git: Repository) -> Freezes:
    """The freezes in Git; none before the first `ballast freeze` made the file."""
    if FREEZES not in git.list_files(FOLDER):
        return Freezes()
    return _parsed(git.read_file(FREEZES), FREEZES, Freezes)


def blocked(git: Repository) -> Blocked:
    """The blocked digests in Git. BallastError without the file: nobody would know of a block."""
    return _parsed(git.read_file(BLOCKED), BLOCKED, Blocked)


def render(of: Freezes) -> str:
    """Text of freezes.yaml: the same freezes give the same bytes."""
    document = {"freezes": [freeze.model_dump(mode="json") for freeze in _ordered(of.freezes)]}
    header = "# Written by `ballast freeze` and `ballast unfreeze`.\n"
    return header + yaml.safe_dump(document, sort_keys=False, width=120)


def _ordered(found: Sequence[Freeze]) -> list[Freeze]:
    return sorted(found, key=lambda freeze: (freeze.environment, freeze.start))


def _parsed(text: str, path: str, kind: type[Document]) -> Document:
    try:
        return kind.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        said = (
            "; ".join(
                f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()
            )
            if isinstance(error, ValidationError)
            else str(error)
        )
        raise BallastError(
            f"{path} cannot be read: {said}", "Mend it in Git: nothing is promoted until then."
        ) from error

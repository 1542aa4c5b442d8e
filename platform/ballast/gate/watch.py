"""`ballast watch ENV`: the watch over the last promotion, gone on with, and its way back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from ballast import release
from ballast.errors import BallastError
from ballast.gate import way_back
from ballast.gate.rollback import PROMOTED, RETURNED
from ballast.gitserver import Change

Progress = Callable[[str], None]
_FIX: Final = "Promote a release first: ballast promote dev staging"


class Ports(way_back.Ports, Protocol):
    """What a watch touches."""

    @property
    def bake(self) -> Callable[[str, Change, float], None]: ...


@dataclass(frozen=True)
class Watched:
    """What became of the promotion: `back` is the way back that it took, with its timeline."""

    environment: str
    commit: str
    kept: bool
    why: str = ""
    steps: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])


def watch(
    environment: str, ports: Ports, seconds: float, progress: Progress = lambda _: None
) -> Watched:
    """Watch an environment's last promotion for `seconds` in all, and revert it when it trips.

    Interrupted it goes on where it was: with the watch, or with the way back. Raises BallastError
    when there is no promotion to watch, or when what ran before does not serve again.
    """
    last = ports.git.last_change(release.path_of(environment))
    if last is None or not last.subject.startswith((PROMOTED, *RETURNED)):
        said = f"its last change is {last.subject!r}" if last else "it has no release"
        raise BallastError(f"{environment} has no promotion to watch: {said}", _FIX)
    if last.subject.startswith(RETURNED):
        way_back.finish(environment, ports, progress)
        return Watched(environment, last.commit, kept=False, why=f"{last.subject} is done")
    progress(f"watching {last.subject} ({last.commit[:12]}) for {seconds:.0f} s")
    try:
        ports.sync(environment, ports.git.head() or last.commit)  # the rollout may not be over
        ports.bake(environment, last, seconds)
    except BallastError as tripped:
        back = way_back.take_back(environment, last, str(tripped), ports, progress)
        return Watched(environment, last.commit, kept=False, why=str(tripped), steps=back.steps)
    return Watched(environment, last.commit, kept=True)

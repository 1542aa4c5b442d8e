"""A canary's way from 5 % of the users to all of them, or back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ballast.bluegreen.comparison import Comparison, Counts, Decision, compare
from ballast.bluegreen.objects import canary, canary_file
from ballast.bluegreen.place import Green
from ballast.errors import BallastError
from ballast.gate.budget import NoAnswerError
from ballast.gate.figures import STALE_SECONDS

STEPS: Final = (5.0, 25.0, 50.0, 100.0)  # percent of the users
SHORTEST_SECONDS: Final = 30.0  # a step
LONGEST_SECONDS: Final = 600.0
EVERY_SECONDS: Final = 5.0
Progress = Callable[[str], None]


class Branch(Protocol):
    """The branch that Argo CD follows: GitServer."""

    def commit_files(self, message: str, files: Mapping[str, str | None]) -> str:
        """Commit texts by path, None removes one; the new commit."""
        ...


@dataclass(frozen=True)
class Ports:
    """What a canary touches. `count` gives (canary, stable) of the last so many seconds."""

    git: Branch
    sync: Callable[[str, str], None]  # environment, commit
    count: Callable[[float], tuple[Counts, Counts]]
    allowed: float
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Course:
    """How far it came: (percent, why it went on) of each step."""

    environment: str
    steps: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])


def grow(green: Green, ports: Ports, progress: Progress = lambda _: None) -> Course:
    """Give the second release 5, 25, 50 and 100 % of the users, each after what came before it.

    Raises BallastError with the traffic back on the first release when a step is not survived.
    Interrupted it leaves the share that it had: run again it begins at 5 %, `end` takes it away.
    """
    course = Course(green.environment)
    try:
        for percent in STEPS:
            message = f"Canary of {green.environment}: {percent:g} % of the users\n"
            commit = ports.git.commit_files(message, canary(green, percent))
            ports.sync(green.environment, commit)
            progress(f"{percent:g} % of the users are with the canary")
            why = _survive(ports, progress)
            course.steps.append((percent, why))
            progress(f"{percent:g} % was survived: {why}")
    except BallastError as failure:
        end(green, ports)
        reached = course.steps[-1][0] if course.steps else 0.0
        raise BallastError(
            f"the canary of {green.environment} goes back after {reached:g} %: {failure}",
            f"See its pods in {green.namespace}, then: ballast green close {green.environment}",
        ) from failure
    return course


def end(green: Green, ports: Ports) -> None:
    """Take the second release's share away."""
    message = f"Canary of {green.environment}: over\n"
    commit = ports.git.commit_files(message, {canary_file(green): None})
    ports.sync(green.environment, commit)


def _survive(ports: Ports, progress: Progress) -> str:
    """Look until a step may be left upwards; BallastError when it is to be left downwards."""
    start = seen = ports.now()
    said = ""
    while True:
        elapsed = ports.now() - start
        try:
            found = compare(*ports.count(elapsed), ports.allowed)
            seen = ports.now()
        except NoAnswerError as error:
            found = Comparison(Decision.WAIT, str(error))
        if found.reason != said:
            said = found.reason
            progress(said)
        if found.decision is Decision.REVERT:
            raise BallastError(found.reason)
        if found.decision is Decision.GROW and elapsed >= SHORTEST_SECONDS:
            return found.reason
        if ports.now() - seen >= STALE_SECONDS:
            raise BallastError(f"nobody can say how it is: {found.reason}")
        if elapsed >= LONGEST_SECONDS:
            raise BallastError(f"{LONGEST_SECONDS:.0f} s did not decide: {found.reason}")
        ports.sleep(EVERY_SECONDS)

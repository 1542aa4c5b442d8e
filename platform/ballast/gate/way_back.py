"""Taking a bad promotion back: its opposite in Git, then proof that what was before serves."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from ballast import release
from ballast.errors import BallastError
from ballast.gate.candidate import Pods, verified_candidate
from ballast.gate.record_store import Repository
from ballast.gate.rollback import RETURNED, History
from ballast.gitserver import Change, GitServerError
from ballast.release import Held

Progress = Callable[[str], None]
DIGESTS_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.5


class Branch(History, Protocol):
    """The branch that Argo CD follows, where a commit can be undone: GitServer."""

    def revert(self, sha: str) -> str:
        """Commit the opposite of a commit; the new commit."""
        ...

    def change(self, commit: str, path: str) -> Change:
        """What a commit made of a file."""
        ...


class Ports(Protocol):
    """What the way back touches; the verbs are those of a promotion's ports."""

    @property
    def git(self) -> Branch: ...
    @property
    def pods(self) -> Pods: ...
    @property
    def admit(self) -> Callable[[str, Repository, Sequence[Held]], None]: ...
    @property
    def sync(self) -> Callable[[str, str], None]: ...
    @property
    def smoke(self) -> Callable[[str], None]: ...


@dataclass
class Return:
    """A way back. `steps` are (seconds since the bad commit, what had happened by then)."""

    environment: str
    bad: str
    began: float
    commit: str = ""
    steps: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])

    def note(self, what: str, progress: Progress) -> None:
        """Write down that something has happened."""
        self.steps.append((time.time() - self.began, what))
        progress(f"{self.steps[-1][0]:.0f} s after the bad commit: {what}")

    @property
    def seconds(self) -> float:
        """From the bad commit until the last step."""
        return self.steps[-1][0] if self.steps else 0.0


def take_back(
    environment: str, bad: Change, why: str, ports: Ports, progress: Progress = lambda _: None
) -> Return:
    """Revert a promotion and wait until the pods of the release before it serve.

    Run again after an interruption it does not revert twice. Raises BallastError when the earlier
    release is back in Git and does not serve.
    """
    back = Return(environment, bad.commit, bad.at)
    back.note(why, progress)
    back.commit = _undo(environment, bad, ports)
    ports.admit(environment, ports.git, ())
    back.note(f"{back.commit[:12]} reverts it in Git", progress)
    if bad.before is None:
        return back  # a first release: nothing ran before, and now nothing is declared
    _see_it_serve(environment, back.commit, ports)
    back.note("what ran before serves again, on its own digests", progress)
    ports.smoke(environment)
    back.note("a task created through its gateway was delivered", progress)
    return back


def finish(environment: str, ports: Ports, progress: Progress = lambda _: None) -> None:
    """See a return through that is in Git already."""
    ports.admit(environment, ports.git, ())
    _see_it_serve(environment, ports.git.head() or "", ports)
    ports.smoke(environment)
    progress(f"{environment} serves what ran before")


def _undo(environment: str, bad: Change, ports: Ports) -> str:
    path = release.path_of(environment)
    last = ports.git.last_change(path)
    if last and last.subject.startswith(RETURNED) and last.after == bad.before != bad.after:
        return last.commit
    try:
        return ports.git.revert(bad.commit)
    except GitServerError:
        # Later commits touched its other files, such as the index of the evidence: the release
        # goes back alone.
        if last is None or last.commit != bad.commit:
            raise
        message = f"Roll back {environment}\n\nIts release is what it was before {bad.commit}.\n"
        return ports.git.commit_files(message, {path: bad.before})


def _see_it_serve(environment: str, commit: str, ports: Ports) -> None:
    ports.sync(environment, commit)
    deadline = time.monotonic() + DIGESTS_SECONDS
    while True:
        try:
            verified_candidate(ports.git, ports.pods, environment)
        except BallastError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return

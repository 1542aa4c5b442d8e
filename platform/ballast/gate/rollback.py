"""`ballast rollback ENV`: back to the release before the last promotion, through Git."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ballast import release
from ballast.errors import BallastError
from ballast.gate.admission import GUARDED, REFUSED
from ballast.gate.admission_writer import Proposed, admitted_by
from ballast.gate.freeze import Writable
from ballast.gate.record_store import Repository
from ballast.gitserver import Change
from ballast.release import Held

PROMOTED: Final = "Promote "
RETURNED: Final = ("Roll back ", 'Revert "Promote ')
Progress = Callable[[str], None]


class History(Writable, Protocol):
    """The branch that Argo CD follows, with its past: GitServer."""

    def last_change(self, path: str) -> Change | None:
        """The newest commit that changed a file."""
        ...

    def head(self) -> str | None:
        """The newest commit."""
        ...


@dataclass(frozen=True)
class RollbackPorts:
    """What a rollback touches; the verbs are those of a promotion's ports."""

    git: History
    admit: Callable[[str, Repository, Sequence[Held]], None]
    sync: Callable[[str, str], None]
    smoke: Callable[[str], None]


@dataclass(frozen=True)
class Rollback:
    """Where the environment is again; `changed` is false when an earlier rollback did it."""

    environment: str
    returned_to: str
    left: str
    commit: str
    changed: bool


def rollback(
    environment: str, ports: RollbackPorts, progress: Progress = lambda _: None
) -> Rollback:
    """Return to the release before the last promotion, and see that it serves.

    Run again it goes no further back: it waits for the same release once more. Freezes do not hold
    it up. Raises BallastError when there is nothing to return to, when no evidence admits what ran
    before, or when that does not serve.
    """
    path = release.path_of(environment)
    last = ports.git.last_change(path)
    if last and last.after and last.before and last.subject.startswith(RETURNED):
        done = Rollback(
            environment,
            returned_to=release.parse(last.after).revision,
            left=release.parse(last.before).revision,
            commit=ports.git.head() or last.commit,
            changed=False,
        )
        progress(f"git: {environment} has returned to {done.returned_to} already")
    else:
        done = _commit(environment, _promotion(environment, last), ports)
        progress(f"commit: {done.commit[:12]} returns {environment} to {done.returned_to}")
    _serve(done, ports, progress)
    return done


def _promotion(environment: str, last: Change | None) -> Change:
    if last is None or not last.subject.startswith(PROMOTED):
        said = f"its last change is {last.subject!r}" if last else "it has no release"
        raise BallastError(
            f"{environment} has no promotion to roll back: {said}",
            "Only what `ballast promote` brought can be taken back.",
        )
    if last.before is None:
        raise BallastError(
            f"{environment} has nothing to return to: {last.subject!r} brought its first release",
            "Promote another release.",
        )
    return last


def _commit(environment: str, last: Change, ports: RollbackPorts) -> Rollback:
    before, after = release.parse(last.before or ""), release.parse(last.after or "")
    files = {release.path_of(environment): last.before or ""}
    _check_admitted(environment, before, Proposed(ports.git, files))
    ports.admit(environment, Proposed(ports.git, files), [after])
    message = (
        f"Roll back {environment} to {before.revision}\n\n"
        f"Its release is again what it was before {last.commit[:12]}. The evidence stays.\n"
    )
    commit = ports.git.commit_files(message, files)
    return Rollback(environment, before.revision, after.revision, commit, changed=True)


def _check_admitted(environment: str, wanted: Held, proposed: Repository) -> None:
    if environment not in GUARDED:
        return
    states = admitted_by(proposed, environment).digests
    for service, image in wanted.images.items():
        state = states.get(image.digest, f"{REFUSED}no evidence covers it")
        if state.startswith(REFUSED):
            raise BallastError(
                f"{environment} would not admit what ran before: {service} {image.digest} is "
                f"{state}",
                f"In need: ballast gate break-glass {environment}; docs/runbooks/break-glass.md.",
            )


def _serve(done: Rollback, ports: RollbackPorts, progress: Progress) -> None:
    try:
        ports.sync(done.environment, done.commit)
        progress(f"sync: {done.environment} is Synced and Healthy")
        ports.smoke(done.environment)
        progress(f"smoke: a task created through {done.environment}'s gateway was delivered")
    except BallastError as failure:
        raise BallastError(
            f"{done.environment} is back at {done.returned_to} in Git, and does not serve it: "
            f"{failure}",
            f"{failure.fix} Then: ballast rollback {done.environment}".strip(),
        ) from failure

"""`ballast freeze` and `ballast unfreeze`: one commit each, read by the next promotion."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from pydantic import ValidationError

from ballast.errors import BallastError
from ballast.gate import restrictions
from ballast.gate.permit import operator, reasons, whole_seconds
from ballast.gate.record_store import Repository
from ballast.gate.restrictions import FREEZES, Freeze, Freezes


class Writable(Repository, Protocol):
    """The branch that promotions read: GitServer."""

    def commit_files(self, message: str, files: Mapping[str, str | None]) -> str:
        """Commit texts by path; the new commit."""
        ...


def freeze(
    git: Writable,
    environment: str,
    until: datetime,
    reason: str,
    *,
    start: datetime | None = None,
    now: datetime | None = None,
) -> Freeze:
    """Freeze an environment in place of any freeze that it has; the same freeze again changes none.

    Raises BallastError when the reason or the times make no freeze.
    """
    held = restrictions.freezes(git)
    first = whole_seconds(start or now or datetime.now(UTC))
    try:
        made = Freeze(
            environment=environment, start=first, until=until, reason=reason, by=operator()
        )
    except ValidationError as error:
        raise BallastError(
            f"no such freeze: {reasons(error)}", "Give --until and a --reason of a few words."
        ) from error
    for old in held.freezes:
        same = (old.environment, old.until, old.reason) == (environment, until, made.reason)
        if same and (start is None or old.start == first):
            return old
    kept = held.without(environment)
    text = restrictions.render(Freezes(freezes=(*kept.freezes, made)))
    git.commit_files(
        f"Freeze {environment} until {until.isoformat()}: {made.reason}\n", {FREEZES: text}
    )
    return made


def unfreeze(git: Writable, environment: str) -> tuple[Freeze, ...]:
    """End every freeze of an environment; those that were ended, none when it had none."""
    held = restrictions.freezes(git)
    ended = tuple(freeze for freeze in held.freezes if freeze.environment == environment)
    if ended:
        text = restrictions.render(held.without(environment))
        git.commit_files(f"Unfreeze {environment}\n", {FREEZES: text})
    return ended

"""Which of the occurrences that were missed are still made."""

from collections.abc import Sequence

from todo_shared.recurrence.occurrence import Occurrence
from todo_shared.recurrence.policies import CatchUpPolicy


def to_make(missed: Sequence[Occurrence], policy: CatchUpPolicy) -> tuple[Occurrence, ...]:
    """Of occurrences that passed unmade, oldest first, those that `policy` still wants."""
    match policy:
        case CatchUpPolicy.ALL:
            return tuple(missed)
        case CatchUpPolicy.LATEST:
            return tuple(missed[-1:])
        case CatchUpPolicy.NONE:
            return ()

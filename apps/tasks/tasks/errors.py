"""Refusals that only this service makes, in the one shape of errors."""

from todo_shared.errors import ConflictError, ServiceError


class StaleVersionError(ConflictError):
    """The caller saw an older version than the present one; nothing was changed."""

    code = "stale_version"


class InactiveError(ConflictError):
    """The recurring task is paused or deleted, so it makes no instances."""

    code = "inactive"


class ForbiddenError(ServiceError):
    """The route is not for this caller."""

    status = 403
    code = "forbidden"


def stale(present: int, expected: int | None) -> StaleVersionError | None:
    """The refusal of who expects another version than the present one; None expects none."""
    if expected is None or expected == present:
        return None
    return StaleVersionError(f"version {expected} was expected, the present one is {present}")


def check_version(present: int, expected: int | None) -> None:
    """Raises StaleVersionError when another version than the present one is expected."""
    if (refusal := stale(present, expected)) is not None:
        raise refusal

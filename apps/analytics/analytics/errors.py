"""Refusals that only this service makes, in the one shape of errors."""

from todo_shared.errors import ServiceError


class ForbiddenError(ServiceError):
    """The route is not for this caller."""

    status = 403
    code = "forbidden"

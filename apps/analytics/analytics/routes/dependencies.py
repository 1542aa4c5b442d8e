"""What the routes take from the application, and whom they are for."""

from datetime import UTC, date, datetime
from typing import Annotated, Final

from fastapi import Depends, Query, Request

from analytics.errors import ForbiddenError
from analytics.models.reports import DayRange
from analytics.repository.reports import ReportRepository
from todo_shared.identity import USER_HEADER

_CALLER_HEADER: Final = "dapr-caller-app-id"


async def _reports(request: Request) -> ReportRepository:
    return request.app.state.reports


async def _days(asked: Annotated[DayRange, Query()]) -> tuple[date, date]:
    return asked.days(datetime.now(UTC).date())


async def _operator(request: Request) -> None:
    # Sidecars add who calls and cannot be made not to; the gateway adds for whom. An operator
    # reaches the pod itself.
    if _CALLER_HEADER in request.headers or USER_HEADER in request.headers:
        raise ForbiddenError("only an operator may ask this, at the pod itself")


Reports = Annotated[ReportRepository, Depends(_reports)]
Days = Annotated[tuple[date, date], Depends(_days)]
OPERATOR: Final = Depends(_operator)

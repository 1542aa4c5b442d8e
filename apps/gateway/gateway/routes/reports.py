"""Public routes of reports about the caller's own tasks."""

from datetime import date
from typing import Annotated, Final

from pydantic import Field

from gateway.routes.forwarding import Forwarded, Service
from todo_shared.models import ApiModel


class ReportQuery(ApiModel):
    """Which stretch of time: whole days in UTC, the first and the last included."""

    first: Annotated[date | None, Field(alias="from")] = None
    last: Annotated[date | None, Field(alias="to")] = None


REPORTS: Final = (
    Forwarded(
        "list_reports",
        "GET",
        "/reports",
        Service.ANALYTICS,
        "List the reports that there are.",
        repeatable=True,
    ),
    Forwarded(
        "get_report",
        "GET",
        "/reports/{report}",
        Service.ANALYTICS,
        "Read one report.",
        query=ReportQuery,
        repeatable=True,
    ),
)

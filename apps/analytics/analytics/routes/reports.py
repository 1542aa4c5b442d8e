"""Reports about the caller's own tasks, and one about all, which is for operators."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter

from analytics.models.reports import (
    CompletionTimes,
    Daily,
    DayCounts,
    ReportList,
    ReportName,
    Summary,
    SystemReport,
)
from analytics.routes.dependencies import OPERATOR, Days, Reports
from todo_shared.identity import Caller

ROUTES: Final = APIRouter(tags=["reports"])


@ROUTES.get("/reports")
async def list_reports(_: Caller) -> ReportList:
    """List the reports that there are."""
    return ReportList(items=list(ReportName))


@ROUTES.get("/reports/summary")
async def get_summary(user: Caller, reports: Reports, days: Days) -> Summary:
    """Read what the caller did in these days, and what they have now."""
    return await _summary(reports, user, days)


@ROUTES.get("/reports/daily")
async def get_daily(user: Caller, reports: Reports, days: Days) -> Daily:
    """Read what the caller did on each of these days."""
    first, last = days
    found = {each.day: each for each in await reports.days(user, first, last)}
    wanted = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return Daily(
        first=first, last=last, days=[found.get(day) or DayCounts(day=day) for day in wanted]
    )


@ROUTES.get("/reports/completion-times")
async def get_completion_times(user: Caller, reports: Reports) -> CompletionTimes:
    """Read how long the caller's tasks took."""
    return await reports.completion_times(user)


@ROUTES.get("/reports/system", tags=["internal"], dependencies=[OPERATOR])
async def get_system_report(reports: Reports, days: Days) -> SystemReport:
    """Read the same of all users. Answers no call that comes through a sidecar."""
    summary = await _summary(reports, None, days)
    return SystemReport(
        first=summary.first,
        last=summary.last,
        counts=summary.counts,
        tasks=summary.tasks,
        active_series=summary.active_series,
        users=await reports.users(),
        completion_times=await reports.completion_times(None),
    )


async def _summary(reports: Reports, user: str | None, days: Days) -> Summary:
    first, last = days
    return Summary(
        first=first,
        last=last,
        counts=await reports.counts(user, first, last),
        tasks=await reports.tasks(user),
        active_series=await reports.active_series(user),
    )

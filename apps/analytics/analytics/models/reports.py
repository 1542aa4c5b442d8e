"""Reports as the API shows them."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from todo_shared.errors import InvalidError
from todo_shared.models import ApiModel

DEFAULT_DAYS: Final = 30
MAX_DAYS: Final = 366

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(9998, 12, 31))]
Count = Annotated[int, Field(ge=0)]


class DayRange(ApiModel):
    """Whole days in UTC, both included: the last 30 unless said otherwise, 366 at most."""

    first: Annotated[Day | None, Field(alias="from", description="The first day.")] = None
    last: Annotated[Day | None, Field(alias="to", description="The last day.")] = None

    def days(self, today: date) -> tuple[date, date]:
        """The first and the last day that are meant; raises InvalidError."""
        last = self.last
        if last is None:
            last = today if self.first is None else max(today, self.first)
        first = self.first or last - timedelta(days=DEFAULT_DAYS - 1)
        if first > last:
            raise InvalidError("`from` is after `to`")
        if (last - first).days >= MAX_DAYS:
            raise InvalidError(f"{MAX_DAYS} days are the most that one report covers")
        return first, last


class Counts(ApiModel):
    """How often each thing happened."""

    tasks_created: Count = 0
    tasks_completed: Count = 0
    tasks_deleted: Count = 0
    reminders_triggered: Count = 0
    reminders_canceled: Count = 0
    registrations: Count = 0
    logins: Count = 0


class TaskTotals(ApiModel):
    """How many tasks are in each state now."""

    open: Count = 0
    completed: Count = 0
    deleted: Count = 0


class Summary(ApiModel):
    """What happened from the first to the last day, and what there is now."""

    first: date
    last: date
    counts: Counts
    tasks: TaskTotals
    active_series: Count


class DayCounts(Counts):
    """What happened on one day in UTC."""

    day: date


class Daily(ApiModel):
    """What happened on each day, days without anything included."""

    first: date
    last: date
    days: list[DayCounts]


class Bucket(ApiModel):
    """How many tasks took less than `below_seconds`, and not less than the bucket before says.

    The last bucket has no bound.
    """

    below_seconds: int | None
    tasks: Count


class CompletionTimes(ApiModel):
    """How long completed tasks took from creation to completion, deleted ones included."""

    tasks: Count
    buckets: list[Bucket]


class SystemReport(Summary):
    """The same for all users together."""

    users: Count
    completion_times: CompletionTimes


class ReportName(StrEnum):
    """The reports that there are for users."""

    SUMMARY = "summary"
    DAILY = "daily"
    COMPLETION_TIMES = "completion-times"


class ReportList(ApiModel):
    """The reports that there are."""

    items: list[ReportName]

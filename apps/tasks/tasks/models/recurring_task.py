"""A recurring task and the rules of its life: its changes are in this file and nowhere else."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tasks.errors import InactiveError, stale
from tasks.models.task import Task
from todo_shared.errors import ConflictError, InvalidError
from todo_shared.ids import derived
from todo_shared.models import (
    InstanceCreate,
    RecurringTaskCreate,
    RecurringTaskResponse,
    RecurringTaskUpdate,
    TaskStatus,
)
from todo_shared.recurrence import (
    CatchUpPolicy,
    GapPolicy,
    OverlapPolicy,
    Policies,
    Recurrence,
    RuleKind,
    ShortMonthPolicy,
    describe,
    detect_kind,
    load_zone,
)

_SCHEDULE: Final = (
    "recurrence_rule",
    "rule_kind",
    "time_zone",
    "starts_at",
    "gap_policy",
    "overlap_policy",
    "short_month_policy",
)
_EDITABLE: Final = frozenset(
    {"title", "description", "catch_up_policy", "lead_minutes", "active", *_SCHEDULE}
)


@dataclass(frozen=True, slots=True)
class RecurringTask:
    """A template of one user; `version` counts its changes from 1, not the instances it makes.

    `next_generation_time` is when the next instance is made, `lead_minutes` before it is due: None
    while nothing is to be made. `schedule` is the rule in words. A gap or overlap policy of None
    stands for what this kind of rule does by tradition.
    """

    id: str
    user_id: str
    title: str
    description: str | None
    recurrence_rule: str
    rule_kind: RuleKind
    time_zone: str
    starts_at: datetime
    gap_policy: GapPolicy | None
    overlap_policy: OverlapPolicy | None
    short_month_policy: ShortMonthPolicy
    catch_up_policy: CatchUpPolicy
    lead_minutes: int
    schedule: str
    next_generation_time: datetime | None
    active: bool
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int

    @classmethod
    def create(
        cls, recurring_task_id: str, user_id: str, wanted: RecurringTaskCreate, now: datetime
    ) -> "RecurringTask":
        """A new template whose first instance is the first date still to come.

        Raises RecurrenceError for a bad rule, InvalidError for one that has ended.
        """
        fields = wanted.model_dump(exclude={"rule_kind", "starts_at"})
        template = cls(
            id=recurring_task_id,
            user_id=user_id,
            rule_kind=wanted.rule_kind or detect_kind(wanted.recurrence_rule),
            starts_at=wanted.starts_at or _this_minute(wanted.time_zone, now),
            schedule="",
            next_generation_time=None,
            active=True,
            created_at=now,
            updated_at=now,
            deleted_at=None,
            version=1,
            **fields,
        )
        return template._rescheduled(now)

    def recurrence(self) -> Recurrence:
        """The rule, read; raises RecurrenceError."""
        policies = Policies(self.gap_policy, self.overlap_policy, self.short_month_policy)
        return Recurrence.parse(
            self.recurrence_rule, self.rule_kind, self.time_zone, self.starts_at, policies
        )

    def edit(self, wanted: RecurringTaskUpdate, now: datetime) -> "RecurringTask":
        """The template with the fields that `wanted` sets; without a difference it stays as it is.

        Another schedule, or the end of a pause, begins with the first date still to come. Raises
        ConflictError when deleted, RecurrenceError for a bad rule, InvalidError for an ended one.
        """
        self._must_exist()
        fields: dict[str, Any] = {
            name: getattr(wanted, name) for name in wanted.model_fields_set & _EDITABLE
        }
        if fields.get("rule_kind") is None and (
            "rule_kind" in fields or "recurrence_rule" in fields
        ):
            fields["rule_kind"] = detect_kind(fields.get("recurrence_rule", self.recurrence_rule))
        edited = replace(self, **fields)
        if edited == self:
            return self
        if any(getattr(edited, name) != getattr(self, name) for name in _SCHEDULE):
            edited = edited._rescheduled(now)
        elif edited.active and not self.active:
            edited = edited._resumed(now)
        elif self.next_generation_time is not None:
            earlier = timedelta(minutes=edited.lead_minutes - self.lead_minutes)
            edited = replace(edited, next_generation_time=self.next_generation_time - earlier)
        if not edited.active:
            edited = replace(edited, next_generation_time=None)
        return edited._next_version(now)

    def delete(self, now: datetime) -> "RecurringTask":
        """The template, ended for good; its instances stay. Twice raises ConflictError."""
        self._must_exist()
        ended = replace(self, active=False, next_generation_time=None)._next_version(now)
        return replace(ended, deleted_at=ended.updated_at)

    def instance(self, wanted: InstanceCreate, now: datetime) -> Task:
        """The task of one occurrence: its id follows from the template and the occurrence."""
        return Task(
            id=str(derived("instance", self.id, wanted.occurrence_key)),
            user_id=self.user_id,
            title=self.title,
            description=self.description,
            status=TaskStatus.PENDING,
            due_date=wanted.due_date,
            created_at=now,
            updated_at=now,
            completed_at=None,
            deleted_at=None,
            version=1,
            recurring_task_id=self.id,
            instance_date=wanted.instance_date,
            occurrence_key=wanted.occurrence_key,
        )

    def refusal(self, version: int) -> ConflictError | None:
        """Why no instance is made for who knows `version`: InactiveError or StaleVersionError."""
        if self.deleted_at is not None:
            return InactiveError("the recurring task was deleted")
        if not self.active:
            return InactiveError("the recurring task is paused")
        return stale(self.version, version)

    def _rescheduled(self, now: datetime) -> "RecurringTask":
        recurrence = self.recurrence()
        if recurrence.after(now) is None:
            raise InvalidError("the rule has ended: no date of it is still to come")
        return replace(self, schedule=describe(recurrence))._resumed(now)

    def _resumed(self, now: datetime) -> "RecurringTask":
        coming = self.recurrence().after(now)
        lead = timedelta(minutes=self.lead_minutes)
        return replace(self, next_generation_time=coming.instant - lead if coming else None)

    def _next_version(self, now: datetime) -> "RecurringTask":
        # The change before may have been made on a machine whose clock is ahead.
        return replace(self, updated_at=max(now, self.updated_at), version=self.version + 1)

    def _must_exist(self) -> None:
        if self.deleted_at is not None:
            raise ConflictError("the recurring task was deleted")

    def response(self) -> RecurringTaskResponse:
        """The template as the API shows it."""
        return RecurringTaskResponse(
            id=self.id,
            user_id=self.user_id,
            title=self.title,
            description=self.description,
            recurrence_rule=self.recurrence_rule,
            rule_kind=self.rule_kind,
            time_zone=self.time_zone,
            starts_at=self.starts_at,
            gap_policy=self.gap_policy,
            overlap_policy=self.overlap_policy,
            short_month_policy=self.short_month_policy,
            catch_up_policy=self.catch_up_policy,
            lead_minutes=self.lead_minutes,
            schedule=self.schedule,
            next_generation_time=self.next_generation_time,
            active=self.active,
            created_at=self.created_at,
            updated_at=self.updated_at,
            version=self.version,
        )


def _this_minute(zone: str, now: datetime) -> datetime:
    local = now.astimezone(UTC).astimezone(load_zone(zone))
    return local.replace(second=0, microsecond=0, tzinfo=None)

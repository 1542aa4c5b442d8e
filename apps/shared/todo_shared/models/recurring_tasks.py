"""Recurring tasks: the templates that instances are generated from."""

from datetime import date, datetime
from typing import Annotated, Final, Self

from pydantic import (
    AwareDatetime,
    Field,
    NaiveDatetime,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from todo_shared.models.base import (
    ApiModel,
    Description,
    Moment,
    Omittable,
    PageQuery,
    SearchText,
    Storable,
    Title,
    Version,
)
from todo_shared.recurrence import (
    CatchUpPolicy,
    GapPolicy,
    OverlapPolicy,
    RuleKind,
    ShortMonthPolicy,
)

MAX_LEAD_MINUTES: Final = 7 * 24 * 60

Rule = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=512),
    Storable,
    Field(examples=["0 9 * * MON", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"]),
]
ZoneName = Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/Berlin"]), Storable]
LocalDateTime = Annotated[
    NaiveDatetime,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$",
            "description": "Wall-clock time without an offset",
            "examples": ["2026-03-06T09:00:00"],
        }
    ),
]
LeadMinutes = Annotated[
    int,
    Field(ge=0, le=MAX_LEAD_MINUTES, description="How long before it is due an instance is made"),
]
OccurrenceKey = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(\+f1)?$", examples=["2026-03-06T09:00"]),
]

_NEVER_NULL: Final = (
    "title",
    "recurrence_rule",
    "time_zone",
    "starts_at",
    "short_month_policy",
    "catch_up_policy",
    "lead_minutes",
    "active",
)


class RecurringTaskCreate(ApiModel):
    """The body that creates a recurring task.

    Without `rule_kind` it is told from the rule; without `starts_at` the rule begins now; without
    gap and overlap policy it does as this kind of rule does by tradition.
    """

    title: Title
    description: Description | None = None
    recurrence_rule: Rule
    rule_kind: RuleKind | None = None
    time_zone: ZoneName = "UTC"
    starts_at: LocalDateTime | None = None
    gap_policy: GapPolicy | None = None
    overlap_policy: OverlapPolicy | None = None
    short_month_policy: ShortMonthPolicy = ShortMonthPolicy.SKIP
    catch_up_policy: CatchUpPolicy = CatchUpPolicy.ALL
    lead_minutes: LeadMinutes = 0


class RecurringTaskUpdate(ApiModel):
    """The body that changes a recurring task: what is left out stays, null clears.

    Instances that exist stay as they are. With `version` the change is made only to that version.
    """

    title: Omittable[Title] = None
    description: Description | None = None
    recurrence_rule: Omittable[Rule] = None
    rule_kind: RuleKind | None = None
    time_zone: Omittable[ZoneName] = None
    starts_at: Omittable[LocalDateTime] = None
    gap_policy: GapPolicy | None = None
    overlap_policy: OverlapPolicy | None = None
    short_month_policy: Omittable[ShortMonthPolicy] = None
    catch_up_policy: Omittable[CatchUpPolicy] = None
    lead_minutes: Omittable[LeadMinutes] = None
    active: Omittable[bool] = None
    version: Version | None = None

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        for name in _NEVER_NULL:
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        if not self.model_fields_set - {"version"}:
            raise ValueError("say what to change, such as recurrence_rule or active")
        return self


class RecurringTaskQuery(PageQuery):
    """Which recurring tasks of the caller; one must match every filter given."""

    active: bool | None = None
    q: Annotated[
        SearchText | None,
        Field(description="Text in title or description; case does not matter"),
    ] = None


class RecurringTaskResponse(ApiModel):
    """A recurring task as the API shows it.

    `next_generation_time` is when the next instance is made: `lead_minutes` before it is due. It is
    null while the recurring task is paused, and when its rule has ended. A policy that is null
    stands for what this kind of rule does by tradition.
    """

    id: str
    user_id: str
    title: str
    description: str | None = None
    recurrence_rule: str
    rule_kind: RuleKind
    time_zone: str
    starts_at: LocalDateTime
    gap_policy: GapPolicy | None = None
    overlap_policy: OverlapPolicy | None = None
    short_month_policy: ShortMonthPolicy
    catch_up_policy: CatchUpPolicy
    lead_minutes: int
    schedule: Annotated[str, Field(examples=["every second Friday at 09:00, Europe/Berlin"])]
    next_generation_time: datetime | None = None
    active: bool
    created_at: datetime
    updated_at: datetime
    version: int


class RecurringTaskPage(ApiModel):
    """One page of recurring tasks, newest first; `next` is the `after` of the following page."""

    items: list[RecurringTaskResponse]
    next: str | None = None


class OccurrenceResponse(ApiModel):
    """One date of a recurring task."""

    occurrence_key: OccurrenceKey
    instance_date: date
    due_date: AwareDatetime


class RecurringTaskPreview(ApiModel):
    """The next dates of a recurring task; fewer than asked for when it ends before."""

    items: list[OccurrenceResponse]


class InstanceCreate(ApiModel):
    """The body by which the scheduler makes one instance of version `version` of the template.

    `next_generation_time` is when the instance after this one is made, null when this is the last.
    """

    occurrence_key: OccurrenceKey
    instance_date: date
    due_date: Moment
    version: Version
    next_generation_time: Moment | None = None

    @model_validator(mode="after")
    def _same_day(self) -> Self:
        if not self.occurrence_key.startswith(self.instance_date.isoformat()):
            raise ValueError("instance_date is not the day of occurrence_key")
        return self

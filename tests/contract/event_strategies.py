"""Any event data that a producer may send, one strategy for each payload."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from todo_shared.events import payloads
from todo_shared.events.payloads import EventData

moments = st.datetimes(
    min_value=datetime(2000, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.just(UTC),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)
versions = st.integers(1, 2**63 - 1)
task = {"task_id": texts, "user_id": texts}
recurring = {
    "recurring_task_id": texts,
    "user_id": texts,
    "title": texts,
    "description": st.none() | texts,
    "recurrence_rule": texts,
    "rule_kind": st.sampled_from(["cron", "rrule"]),
    "time_zone": st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]),
    "starts_at": st.datetimes(min_value=datetime(1900, 1, 1)).map(datetime.isoformat),
    "gap_policy": texts,
    "overlap_policy": texts,
    "short_month_policy": texts,
    "catch_up_policy": texts,
    "lead_minutes": st.integers(-(2**31), 2**31 - 1),
    "next_generation_time": st.none() | moments,
    "active": st.booleans(),
    "version": versions,
    "deleted": st.booleans(),
}
changes = st.builds(
    payloads.TaskChanges,
    title=st.none() | texts,
    description=st.none() | texts,
    due_date=st.none() | moments,
    status=st.none() | st.sampled_from(["pending", "completed"]),
)
BY_PAYLOAD: dict[type[EventData], st.SearchStrategy[EventData]] = {
    payloads.TaskCreated: st.builds(
        payloads.TaskCreated,
        **task,
        title=texts,
        description=st.none() | texts,
        due_date=st.none() | moments,
        recurring_task_id=st.none() | texts,
        instance_date=st.none() | st.dates(),
        series_version=st.none() | versions,
    ),
    payloads.TaskUpdated: st.builds(
        payloads.TaskUpdated,
        **task,
        changed=changes,
        changed_fields=st.lists(st.sampled_from(["title", "description", "due_date", "status"])),
        updated_at=moments,
        version=versions,
    ),
    payloads.TaskCompleted: st.builds(
        payloads.TaskCompleted, **task, title=texts, completed_at=moments
    ),
    payloads.TaskDeleted: st.builds(payloads.TaskDeleted, **task, deleted_at=moments),
    payloads.RecurringTaskCreated: st.builds(payloads.RecurringTaskCreated, **recurring),
    payloads.RecurringTaskUpdated: st.builds(payloads.RecurringTaskUpdated, **recurring),
    payloads.ReminderTriggered: st.builds(
        payloads.ReminderTriggered,
        **task,
        reminder_id=texts,
        notification_channel=texts,
        trigger_time=moments,
        title=st.none() | texts,
        fired_at=moments,
    ),
    payloads.ReminderCanceled: st.builds(
        payloads.ReminderCanceled,
        **task,
        reminder_id=texts,
        reason=st.sampled_from(["task_completed", "task_deleted", "user_canceled"]),
    ),
    payloads.UserRegistered: st.builds(
        payloads.UserRegistered, user_id=texts, registered_at=moments
    ),
    payloads.UserAuthenticated: st.builds(
        payloads.UserAuthenticated, user_id=texts, authenticated_at=moments
    ),
}
ANY = st.one_of(*BY_PAYLOAD.values())

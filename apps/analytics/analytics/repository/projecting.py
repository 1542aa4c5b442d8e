"""Events become projections, in the schema that the transaction has entered.

Rows are written in ascending order of their keys and tables always in the same order, so two
batches can wait for each other only in one direction.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics import APP_ID
from analytics.consumers.telling import told
from analytics.models.counts import Measure, Occurrence, counted
from analytics.models.series import SeriesFact, newest_by_series
from analytics.models.task import TaskFact, joined_by_task
from todo_shared.events.envelope import ReceivedEvent
from todo_shared.inbox import Inbox

_INBOX: Final = Inbox(APP_ID)
_MEASURES: Final = ", ".join(Measure)

# The same join as TaskFact.joined; least() passes over what is null.
JOIN_TASKS: Final = """
    ON CONFLICT (task_id) DO UPDATE SET
        created_at = least(known.created_at, EXCLUDED.created_at),
        completed_at = CASE WHEN EXCLUDED.completion_seq > known.completion_seq
            THEN EXCLUDED.completed_at ELSE known.completed_at END,
        completion_seq = greatest(known.completion_seq, EXCLUDED.completion_seq),
        deleted_at = least(known.deleted_at, EXCLUDED.deleted_at)
"""
_TASKS: Final = text(f"""
    INSERT INTO tasks AS known
        (task_id, user_id, created_at, completed_at, completion_seq, deleted_at)
    SELECT * FROM unnest(
        CAST(:task_ids AS text[]), CAST(:user_ids AS text[]), CAST(:created AS timestamptz[]),
        CAST(:completed AS timestamptz[]), CAST(:seqs AS bigint[]), CAST(:deleted AS timestamptz[])
    )
    {JOIN_TASKS}
""")  # noqa: S608 - a literal of this module
_SERIES: Final = text("""
    INSERT INTO series AS known (series_id, user_id, version, active)
    SELECT * FROM unnest(
        CAST(:series_ids AS text[]), CAST(:user_ids AS text[]), CAST(:versions AS bigint[]),
        CAST(:actives AS boolean[])
    )
    ON CONFLICT (series_id) DO UPDATE SET version = EXCLUDED.version, active = EXCLUDED.active
    WHERE known.version < EXCLUDED.version
""")
_COUNTS: Final = text(f"""
    INSERT INTO daily_counts AS known (user_id, day, {_MEASURES})
    SELECT * FROM unnest(
        CAST(:user_ids AS text[]), CAST(:days AS date[]),
        {", ".join(f"CAST(:{each} AS bigint[])" for each in Measure)}
    )
    ON CONFLICT (user_id, day) DO UPDATE SET
        {", ".join(f"{each} = known.{each} + EXCLUDED.{each}" for each in Measure)}
""")  # noqa: S608 - names of columns


async def project(connection: AsyncConnection, events: Sequence[ReceivedEvent[Any]]) -> int:
    """Take events of one topic; returns how many were not seen before in this schema."""
    fresh = await _INBOX.claim(connection, events[0].topic, events)
    facts = [told(event) for event in fresh]
    tasks = joined_by_task(each.task for each in facts if each.task is not None)
    series = newest_by_series(each.series for each in facts if each.series is not None)
    occurrences = [each.occurrence for each in facts if each.occurrence is not None]
    if tasks:
        await connection.execute(_TASKS, _task_values(tasks))
    if series:
        await connection.execute(_SERIES, _series_values(series))
    if occurrences:
        await connection.execute(_COUNTS, _count_values(occurrences))
    return len(fresh)


def _task_values(tasks: Sequence[TaskFact]) -> dict[str, Any]:
    return {
        "task_ids": [each.task_id for each in tasks],
        "user_ids": [each.user_id for each in tasks],
        "created": [each.created_at for each in tasks],
        "completed": [each.completed_at for each in tasks],
        "seqs": [each.completion_seq for each in tasks],
        "deleted": [each.deleted_at for each in tasks],
    }


def _series_values(series: Sequence[SeriesFact]) -> dict[str, Any]:
    return {
        "series_ids": [each.series_id for each in series],
        "user_ids": [each.user_id for each in series],
        "versions": [each.version for each in series],
        "actives": [each.active for each in series],
    }


def _count_values(occurrences: Sequence[Occurrence]) -> dict[str, Any]:
    counts = counted(occurrences)
    return {
        "user_ids": [user_id for user_id, _ in counts],
        "days": [day for _, day in counts],
        **{each.value: [count[each] for count in counts.values()] for each in Measure},
    }

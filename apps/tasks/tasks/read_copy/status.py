"""Where the migration to the state store stands."""

from datetime import datetime

from tasks.read_copy.checks import CheckRecords
from tasks.read_copy.consistency import ConsistencyReport
from tasks.read_copy.mode import ReadCopyMode
from tasks.read_copy.phase import PhaseRecords
from tasks.read_copy.reads import total_reads
from tasks.read_copy.records import CopyRecords
from todo_shared.database import Database
from todo_shared.models.base import ApiModel


class MigrationStatus(ApiModel):
    """The phase, and what the next one depends on; reads are those of this phase."""

    mode: ReadCopyMode
    since: datetime
    backfilled: int
    backfill_finished_at: datetime | None
    due: int
    hits: int
    misses: int
    hit_rate: float | None
    last_check_at: datetime | None
    last_check: ConsistencyReport | None


async def status_of(database: Database) -> MigrationStatus:
    """The status now. Raises UnavailableError."""
    phase = await PhaseRecords(database).read()
    hits, misses = await total_reads(database, phase.since)
    last = await CheckRecords(database).last()
    return MigrationStatus(
        mode=phase.mode,
        since=phase.since,
        backfilled=phase.backfilled,
        backfill_finished_at=phase.backfill_finished_at,
        due=await CopyRecords(database).due_count(),
        hits=hits,
        misses=misses,
        hit_rate=hits / (hits + misses) if hits + misses else None,
        last_check_at=None if last is None else last[0],
        last_check=None if last is None else last[1],
    )

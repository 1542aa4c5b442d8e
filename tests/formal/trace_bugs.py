"""Ways to spoil a good log by one seeded bug, each with the invariants that tell of it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from scheduler.trace import Action, Invariant, TraceRecord

Log = list[TraceRecord]
Bug = tuple[Log, set[Invariant]]
Seed = Callable[[Sequence[TraceRecord]], Iterator[Bug]]
SECOND = timedelta(seconds=1)


def _changed(log: Sequence[TraceRecord], number: int, **values: object) -> Log:
    return [*log[:number], log[number].model_copy(update=values), *log[number + 1 :]]


def _numbered(log: Sequence[TraceRecord], *actions: Action) -> Iterator[tuple[int, TraceRecord]]:
    return ((number, each) for number, each in enumerate(log) if each.action in actions)


def another_task(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """An occurrence gets a second instance."""
    for number, each in _numbered(log, Action.INSTANCE_MADE):
        second = each.model_copy(update={"task_id": "another"})
        yield [*log[:number], each, second, *log[number + 1 :]], {Invariant.NO_DUPLICATE_INSTANCE}


def same_task(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """Two occurrences have one instance."""
    made = list(_numbered(log, Action.INSTANCE_MADE))
    for number, each in made:
        for _, other in made:
            same_series = other.series_id == each.series_id
            if same_series and other.occurrence_key != each.occurrence_key:
                yield (
                    _changed(log, number, task_id=other.task_id),
                    {Invariant.NO_SKIPPED_INSTANCE, Invariant.NO_DUPLICATE_INSTANCE},
                )


def in_both_passes(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """A local time has an instance in the other pass through the overlap, too."""
    for number, each in _numbered(log, Action.INSTANCE_MADE):
        group = [
            record.model_copy(
                update={
                    "occurrence_key": f"{each.occurrence_key}+f1",
                    "fence": 1000,
                    "replica": "z",
                    "task_id": "another" if record.task_id else None,
                }
            )
            for record in log
            if (record.series_id, record.fence, record.occurrence_key)
            == (each.series_id, each.fence, each.occurrence_key)
            and record.action in {Action.CLAIMED, Action.INSTANCE_MADE}
        ]
        if len(group) == 2 and number:
            yield (
                [*log, *group],
                {Invariant.NO_DUPLICATE_INSTANCE, Invariant.NO_SKIPPED_INSTANCE},
            )


def without_instance(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """The cursor leaves an occurrence whose instance was not made."""
    for _, each in _numbered(log, Action.CURSOR_ADVANCED):
        place = (each.series_id, each.occurrence_key, each.fence)
        settled = {Action.INSTANCE_MADE, Action.PASSED_OVER}
        rest = [
            record
            for record in log
            if record.action not in settled
            or (record.series_id, record.occurrence_key, record.fence) != place
        ]
        yield rest, {Invariant.NO_SKIPPED_INSTANCE}


def early(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """Something happens before its time."""
    actions = (Action.CLAIMED, Action.INSTANCE_MADE, Action.REMINDER_FIRED)
    for number, each in _numbered(log, *actions):
        if each.trigger_time is not None:
            yield _changed(log, number, at=each.trigger_time - SECOND), {Invariant.NO_EARLY_FIRE}


def same_fence(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """Another replica claims under a fence that is in use."""
    for number, each in _numbered(log, Action.CLAIMED):
        second = each.model_copy(update={"replica": "z"})
        spoiled = [*log[: number + 1], second, *log[number + 1 :]]
        yield spoiled, {Invariant.FENCE_IDENTIFIES_CLAIM}


def late_advance(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """A replica moves the cursor after its lease was lost."""
    for number, each in _numbered(log, Action.LEASE_LOST):
        moved = each.model_copy(update={"action": Action.CURSOR_ADVANCED})
        yield (
            [*log[: number + 1], moved, *log[number + 1 :]],
            {Invariant.FENCE_IDENTIFIES_CLAIM, Invariant.NO_SKIPPED_INSTANCE},
        )


def unclaimed(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """A replica works on a series that another one has claimed."""
    actions = (Action.INSTANCE_REQUESTED, Action.INSTANCE_MADE, Action.CURSOR_ADVANCED)
    for number, _ in _numbered(log, *actions):
        yield _changed(log, number, replica="z"), {Invariant.FENCE_IDENTIFIES_CLAIM}


def brought_back(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """An edit brings an occurrence back that the cursor had left."""
    fences = [record.fence or 0 for record in log]
    for _, each in _numbered(log, Action.CURSOR_ADVANCED):
        again = each.model_copy(
            update={"action": Action.CLAIMED, "fence": max(fences) + 2, "at": log[-1].at}
        )
        yield [*log, again], {Invariant.EDIT_AFFECTS_ONLY_LATER}


def fired_again(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """Two owners fire one reminder."""
    for _, each in _numbered(log, Action.REMINDER_FIRED):
        second = each.model_copy(update={"replica": "z"})
        yield [*log, second], {Invariant.AT_MOST_ONE_TRIGGER}


def fired_when_canceled(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """A canceled reminder fires."""
    for _, each in _numbered(log, Action.REMINDER_CANCELED):
        fired = each.model_copy(update={"action": Action.REMINDER_FIRED, "trigger_time": each.at})
        yield [*log, fired], {Invariant.NO_TRIGGER_AFTER_CANCEL}


def stored_again(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """A repeated event has its effect again."""
    for number, each in _numbered(log, Action.REMINDER_STORED, Action.REMINDER_CANCELED):
        times = {
            record.trigger_time
            for record in log
            if record.reminder_id == each.reminder_id and record.action is Action.REMINDER_STORED
        }
        if each.action is Action.REMINDER_CANCELED or len(times) == 1:
            yield [*log[:number], each, *log[number:]], {Invariant.ONCE_EFFECT}


def skipped(log: Sequence[TraceRecord]) -> Iterator[Bug]:
    """Nothing was done about an occurrence of the series that is never edited."""
    keys = [
        each.occurrence_key
        for _, each in _numbered(log, Action.CLAIMED, Action.CURSOR_ADVANCED)
        if each.series_id == "daily"
    ]
    for key in sorted({key for key in keys if key is not None and key != max(keys, key=str)}):
        rest = [each for each in log if (each.series_id, each.occurrence_key) != ("daily", key)]
        if any(each.series_id == "daily" and (each.occurrence_key or "") > key for each in rest):
            yield rest, {Invariant.NO_SKIPPED_INSTANCE, Invariant.FENCE_IDENTIFIES_CLAIM}


BUGS: tuple[Seed, ...] = (
    another_task,
    same_task,
    in_both_passes,
    without_instance,
    early,
    same_fence,
    late_advance,
    unclaimed,
    brought_back,
    fired_again,
    fired_when_canceled,
    stored_again,
    skipped,
)

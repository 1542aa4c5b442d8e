"""Comparing all copies with their tasks, while both change."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from enum import StrEnum
from typing import Final, cast
from uuid import UUID

from pydantic_core import from_json

from tasks.read_copy.records import CopyRecords, Noted
from tasks.read_copy.store import CopyStore
from tasks.read_copy.task_copy import TaskCopy, copy_key, digest
from todo_shared.dapr import StoredValue
from todo_shared.models.base import ApiModel

_BATCH: Final = 500
_FIRST: Final = UUID(int=0)
# Longer, all in all, than a copy that a request could not make waits for the worker.
_PAUSES: Final = (0.2, 1.0, 2.0, 4.0)


class DifferenceKind(StrEnum):
    """In what a copy is not what it should be."""

    MISSING = "missing"
    SURPLUS = "surplus"
    DIFFERING = "differing"


class Difference(ApiModel):
    """One key; the digests are of the content, None where there is none."""

    kind: DifferenceKind
    key: str
    task: str | None
    stored: str | None


class ConsistencyReport(ApiModel):
    """What a check found; `examples` are the first differences."""

    checked: int
    missing: int
    surplus: int
    differing: int
    examples: list[Difference]

    @property
    def differences(self) -> int:
        """How many keys are not as they should be."""
        return self.missing + self.surplus + self.differing


class ConsistencyCheck:
    """Looks at every task and at every key that this service may ever have written.

    A key that somebody else wrote into the store is not found: the store cannot list its keys.
    """

    def __init__(
        self,
        store: CopyStore,
        records: CopyRecords,
        *,
        examples: int = 20,
        pauses: Sequence[float] = _PAUSES,
    ) -> None:
        self._store = store
        self._records = records
        self._examples = examples
        self._pauses = pauses

    async def run(self) -> ConsistencyReport:
        """Compare; what differs is looked at again before it is reported.

        Raises SidecarError, UnavailableError.
        """
        checked = 0
        suspects: dict[UUID, Noted] = {}
        async for batch in self._all():
            checked += len(batch)
            differing = await self._differing(batch)
            suspects |= {each.task_id: each for each in batch if each.task_id in differing}
        found: dict[UUID, Difference] = {}
        for pause in self._pauses:
            if not suspects:
                break
            await asyncio.sleep(pause)
            found = {}
            ordered = list(suspects.values())
            for start in range(0, len(ordered), _BATCH):
                found |= await self._differing(ordered[start : start + _BATCH])
            suspects = {task_id: suspects[task_id] for task_id in found}
        return self._report(checked, list(found.values()))

    async def _all(self) -> AsyncGenerator[list[Noted]]:
        for source in (self._records.tasks, self._records.gone):
            after = _FIRST
            while batch := await source(after, _BATCH):
                yield batch
                after = batch[-1].task_id

    async def _differing(self, batch: Sequence[Noted]) -> dict[UUID, Difference]:
        keys = {each.task_id: copy_key(each.user_id, each.task_id) for each in batch}
        held = await self._store.get_many(list(keys.values()))
        truths = await self._records.truths(list(keys))
        found: dict[UUID, Difference] = {}
        for task_id, key in keys.items():
            difference = compare(key, truths.get(task_id), held.get(key))
            if difference is not None:
                found[task_id] = difference
        return found

    def _report(self, checked: int, found: Sequence[Difference]) -> ConsistencyReport:
        kinds = [difference.kind for difference in found]
        return ConsistencyReport(
            checked=checked,
            missing=kinds.count(DifferenceKind.MISSING),
            surplus=kinds.count(DifferenceKind.SURPLUS),
            differing=kinds.count(DifferenceKind.DIFFERING),
            examples=list(found[: self._examples]),
        )


def compare(key: str, truth: TaskCopy | None, held: StoredValue | None) -> Difference | None:
    """The difference between a task and its copy; a tombstone is as good as no copy."""
    wanted = None if truth is None or truth.task is None else from_json(truth.json())
    present = None if held is None else from_json(held.value)
    if isinstance(present, dict) and cast("dict[str, object]", present).get("deleted") is True:
        present = None
    if wanted == present:
        return None
    if present is None or held is None:
        kind = DifferenceKind.MISSING
    else:
        kind = DifferenceKind.SURPLUS if wanted is None else DifferenceKind.DIFFERING
    return Difference(
        kind=kind,
        key=key,
        task=None if wanted is None or truth is None else digest(truth.json()),
        stored=None if present is None or held is None else digest(held.value),
    )

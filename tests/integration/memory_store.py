"""A state store in memory, with the rules of the real one: versions, and all or nothing."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from todo_shared.dapr import (
    ABSENT,
    Delete,
    SidecarUnavailableError,
    StateConflictError,
    StoredValue,
    Upsert,
)


@dataclass
class MemoryStore:
    """StateStore; other tasks run during each call.

    `down` makes it unreachable, `delay` slow; the writes in `fail_writes` (from 1) get lost.
    """

    values: dict[str, StoredValue] = field(default_factory=dict)
    ttls: dict[str, int | None] = field(default_factory=dict)
    down: bool = False
    delay: float = 0.0
    calls: int = 0
    writes: int = 0
    fail_writes: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._versions = itertools.count(1)

    async def get(self, key: str) -> StoredValue | None:
        await self._travel()
        return self.values.get(key)

    async def transact(self, operations: Sequence[Upsert | Delete]) -> None:
        await self._travel()
        self.writes += 1
        if self.writes in self.fail_writes:
            raise SidecarUnavailableError("the sidecar went away")
        for operation in operations:
            held = self.values.get(operation.key)
            version = held.etag if held else ABSENT
            if operation.etag is not None and operation.etag != version:
                raise StateConflictError(operation.key)
        for operation in operations:
            if isinstance(operation, Delete):
                self.values.pop(operation.key, None)
                continue
            json.loads(operation.value)
            self.values[operation.key] = StoredValue(operation.value, str(next(self._versions)))
            self.ttls[operation.key] = operation.ttl_seconds

    async def _travel(self) -> None:
        self.calls += 1
        await asyncio.sleep(self.delay)
        if self.down:
            raise SidecarUnavailableError("the store is down")

"""Which schema of projections is read, and whether the other one is being rebuilt.

Whoever writes events shares a lock until its transaction ends; whoever begins or ends a rebuild
holds it alone. So each event is written with one view of the state: before a rebuild began, and
then it lies in the broker for the rebuild to find, or after, and then it is in both schemas.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.models.tables import Schema

_KEY: Final = 0x07B0A2A1
_SHARE: Final = text(f"SELECT pg_advisory_xact_lock_shared({_KEY})")
_HOLD: Final = text(f"SELECT pg_advisory_xact_lock({_KEY})")
_READ: Final = text("SELECT active, shadow, rebuild FROM public.projection_state")
_ENTER: Final = text("SELECT set_config('search_path', :schema, true)")


@dataclass(frozen=True, slots=True)
class State:
    """The schema that is read, the one that is being rebuilt, and the last rebuild's number."""

    active: Schema
    shadow: Schema | None
    rebuild: int

    @property
    def written(self) -> tuple[Schema, ...]:
        """The schemas that an event goes to."""
        return (self.active,) if self.shadow is None else (self.active, self.shadow)


async def read(connection: AsyncConnection) -> State:
    """The state as it is now; it may be another one soon."""
    row = (await connection.execute(_READ)).one()
    shadow = None if row.shadow is None else Schema(row.shadow)
    return State(Schema(row.active), shadow, row.rebuild)


async def shared(connection: AsyncConnection) -> State:
    """The state, which stays as it is until the transaction ends."""
    # Two statements: the second one must see what the lock has waited for.
    await connection.execute(_SHARE)
    return await read(connection)


async def held(connection: AsyncConnection) -> State:
    """The state, which until the transaction ends only this transaction can change or use."""
    await connection.execute(_HOLD)
    return await read(connection)


async def enter(connection: AsyncConnection, schema: Schema) -> None:
    """Make `schema` the one that the transaction's following statements mean."""
    await connection.execute(_ENTER, {"schema": schema.value})

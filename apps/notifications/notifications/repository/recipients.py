"""Where users want their messages."""

from typing import Final, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.models.recipient import Channel, Recipient
from todo_shared.database import Database

_GET: Final = text("""
    SELECT address, enabled FROM recipients WHERE user_id = :user_id AND channel = :channel
""")
_PUT: Final = text("""
    INSERT INTO recipients (user_id, channel, address, enabled)
    VALUES (:user_id, :channel, :address, :enabled)
    ON CONFLICT (user_id, channel) DO UPDATE
    SET address = EXCLUDED.address, enabled = EXCLUDED.enabled, updated_at = clock_timestamp()
""")


class RecipientRepository(Protocol):
    """What is known of recipients; who never said anything has the defaults."""

    async def get(self, user_id: str, channel: Channel) -> Recipient:
        """The recipient of a channel."""
        ...

    async def put(self, recipient: Recipient) -> None:
        """Replace what was known; it holds from the next attempt on."""
        ...


class PostgresRecipientRepository:
    """RecipientRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: str, channel: Channel) -> Recipient:
        """See RecipientRepository."""

        async def work(connection: AsyncConnection) -> Recipient:
            values = {"user_id": user_id, "channel": channel}
            row = (await connection.execute(_GET, values)).first()
            if row is None:
                return Recipient(user_id, channel)
            return Recipient(user_id, channel, row.address, row.enabled)

        return await self._database.run(work)

    async def put(self, recipient: Recipient) -> None:
        """See RecipientRepository."""

        async def work(connection: AsyncConnection) -> None:
            values = {
                "user_id": recipient.user_id,
                "channel": recipient.channel,
                "address": recipient.address,
                "enabled": recipient.enabled,
            }
            await connection.execute(_PUT, values)

        await self._database.run(work)

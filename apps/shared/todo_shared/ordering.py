"""The newest state that a consumer has taken of each thing: what is older is stale.

The inbox knows whether an event was handled, not whether a newer one was. After a failed publish
the later events of a user are sent again behind it, dead letters are replayed late, and topics are
not ordered among each other. A consumer that keeps the state of a thing therefore compares `seq`,
which counts per user over all topics of one producer.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncConnection

from todo_shared.events.envelope import D, ReceivedEvent

Subject = Callable[[ReceivedEvent[D]], str]


def event_order_table(metadata: MetaData) -> Table:
    """Declare `event_order` in the schema of a service."""
    return Table(
        "event_order",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("source", Text, primary_key=True),
        Column("subject", Text, primary_key=True),
        Column("seq", BigInteger, nullable=False),
        postgresql_with={"fillfactor": "70"},
    )


_ADVANCE: Final = text("""
    INSERT INTO event_order AS known (consumer, source, subject, seq)
    SELECT :consumer, source, subject, seq
    FROM unnest(CAST(:sources AS text[]), CAST(:subjects AS text[]), CAST(:seqs AS bigint[]))
        AS given(source, subject, seq)
    ON CONFLICT (consumer, source, subject) DO UPDATE SET seq = EXCLUDED.seq
    WHERE known.seq < EXCLUDED.seq
    RETURNING source, subject
""")


class EventOrder:
    """How far one consumer has come with each thing."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer

    async def newest(
        self,
        connection: AsyncConnection,
        events: Sequence[ReceivedEvent[D]],
        subject: Subject[D],
    ) -> list[ReceivedEvent[D]]:
        """The newest event of each `subject`, unless one as new was taken before.

        Call it in the transaction that keeps the state, for events that carry the whole of it: one
        that is passed over has no effect at all.
        """
        found: dict[tuple[str, str], ReceivedEvent[D]] = {}
        for event in events:
            place = (event.source, subject(event))
            if place not in found or found[place].seq < event.seq:
                found[place] = event
        # Sorted, so that two batches with common things lock them in the same order.
        places = sorted(found)
        values: dict[str, Any] = {
            "consumer": self._consumer,
            "sources": [source for source, _ in places],
            "subjects": [name for _, name in places],
            "seqs": [found[place].seq for place in places],
        }
        advanced = {
            (str(row[0]), str(row[1])) for row in await connection.execute(_ADVANCE, values)
        }
        return [event for place, event in found.items() if place in advanced]

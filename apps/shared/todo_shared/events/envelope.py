"""The CloudEvents 1.0 envelope: how an event is written to the wire and read from it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from todo_shared.events.payloads import TOPIC_OF, EventData, event_type
from todo_shared.events.schemas import SchemaMismatchError, check_data, schema_reference
from todo_shared.telemetry.context import current

MAX_EVENT_BYTES: Final = 1_048_576
_ENVELOPE_ALLOWANCE: Final = 4096

D = TypeVar("D", bound=EventData)


class EventTooLargeError(Exception):
    """An event would not fit into the broker's message limit of 1 MiB."""


class EventUnreadableError(Exception):
    """What arrived is not an event of the expected topic; sending it again will not help."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event on its way into the outbox; its sequence number is given by the database."""

    id: UUID
    topic: str
    key: str
    time: datetime
    data: bytes
    traceparent: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event in the outbox: `seq` counts the events of one key from 1 without gaps."""

    row: int
    id: UUID
    topic: str
    key: str
    seq: int
    time: datetime
    data: bytes
    traceparent: str
    correlation_id: str


def new_event(event_id: UUID, data: EventData, time: datetime) -> NewEvent:
    """An event of the running work, checked against its schema and the size limit.

    Raises SchemaMismatchError, EventTooLargeError.
    """
    topic = TOPIC_OF[type(data)]
    check_data(topic, data.model_dump(mode="json"), writing=True)
    encoded = to_json(data)
    if len(encoded) > MAX_EVENT_BYTES - _ENVELOPE_ALLOWANCE:
        raise EventTooLargeError(f"{topic}: {len(encoded)} bytes of data, the limit is 1 MiB")
    work = current()
    return NewEvent(
        event_id, topic, data.user_id, time, encoded, work.traceparent, work.correlation_id
    )


def encode(event: StoredEvent, source: str) -> bytes:
    """The structured-mode JSON of `event`.

    `traceid` repeats `traceparent`: the sidecar replaces both when the first is missing.
    """
    head = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": source,
        "type": event_type(event.topic),
        "time": rfc3339(event.time),
        "datacontenttype": "application/json",
        "dataschema": schema_reference(event.topic),
        "partitionkey": event.key,
        "seq": event.seq,
        "traceid": event.traceparent,
        "traceparent": event.traceparent,
        "correlationid": event.correlation_id,
    }
    return to_json(head)[:-1] + b',"data":' + event.data + b"}"


def rfc3339(moment: datetime) -> str:
    """`moment` in UTC with microseconds and a Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class _Wire(BaseModel):
    """The attributes that a consumer relies on; the sidecar adds others, which are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Annotated[str, Field(pattern=r"^1\.0$")]
    id: UUID
    source: str
    type: str
    time: AwareDatetime
    seq: Annotated[int, Field(ge=1)]
    partitionkey: str
    traceparent: str = ""
    correlationid: str = ""
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReceivedEvent(Generic[D]):
    """An event as a consumer sees it."""

    id: UUID
    topic: str
    source: str
    key: str
    seq: int
    time: datetime
    traceparent: str
    correlation_id: str
    data: D

    @property
    def trace_id(self) -> str:
        """The trace that the event's cause belongs to."""
        return self.traceparent[3:35]


def decode(wire: object, payload: type[D]) -> ReceivedEvent[D]:
    """Read a structured-mode event whose data is a `payload`; raises EventUnreadableError."""
    topic = TOPIC_OF[payload]
    try:
        envelope = _Wire.model_validate(wire)
        if envelope.type != event_type(topic):
            raise EventUnreadableError(f"{topic}: the event is of type {envelope.type}")
        check_data(topic, envelope.data, writing=False)
        data = payload.model_validate(envelope.data)
    except (ValidationError, SchemaMismatchError) as error:
        raise EventUnreadableError(f"{topic}: {error}") from error
    return ReceivedEvent(
        id=envelope.id,
        topic=topic,
        source=envelope.source,
        key=envelope.partitionkey,
        seq=envelope.seq,
        time=envelope.time,
        traceparent=envelope.traceparent,
        correlation_id=envelope.correlationid,
        data=data,
    )

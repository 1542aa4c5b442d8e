"""What the sink takes, shows and can be told."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from notifications.models.recipient import Channel


class SinkModel(BaseModel):
    """Base of what crosses the sink's boundary."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KeptMessage(SinkModel):
    """One message as a provider would have got it; `number` counts from 1, `repeats` its copies."""

    number: int
    channel: Channel
    key: str
    recipient: str
    user_id: str
    task_id: str
    event_id: str
    subject: str
    body: JsonValue
    traceparent: str
    received_at: AwareDatetime
    repeats: int = 0


class Accepted(SinkModel):
    """That a message was taken, now or before."""

    number: int
    repeated: bool


class MessagePage(SinkModel):
    """Messages, oldest first; `next` is the `after` of the following page."""

    items: list[KeptMessage]
    next: int | None = None


class Cleared(SinkModel):
    """How many messages were forgotten."""

    deleted: int


class Behaviour(SinkModel):
    """How the sink fails next on one channel: the next `fail_next` calls answer `status`.

    With `keep` the message is kept all the same, as by a provider whose answer gets lost.
    `delay_seconds` slows every call until it is set to 0.
    """

    channel: Channel
    fail_next: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    status: Annotated[int, Field(ge=400, le=599)] = 503
    keep: bool = False
    delay_seconds: Annotated[float, Field(ge=0, le=60)] = 0.0

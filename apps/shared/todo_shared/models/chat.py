"""A conversation with the task list: a sentence in; what was done, or a question, out."""

from typing import Annotated

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from todo_shared.models.base import ApiModel, Storable
from todo_shared.models.recurring_tasks import ZoneName

ConversationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Message = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), Storable
]


class ChatRequest(ApiModel):
    """What somebody says. Without `conversation_id` a conversation begins.

    `zone` is the time zone that dates are meant in; without it the one said before, else UTC.
    """

    conversation_id: ConversationId | None = None
    message: Message
    zone: ZoneName | None = None


class ChatAction(ApiModel):
    """A tool that was called for the user, with its arguments and what came of it."""

    tool: str
    arguments: dict[str, JsonValue]
    result: JsonValue


class ChatQuestion(ApiModel):
    """What must be known first: `missing` names it, an answer may be one of `choices`."""

    missing: str
    text: str
    choices: tuple[str, ...] = ()


class ChatResponse(ApiModel):
    """The answer in words, and what it is made of. `next_dates` are those of a new schedule."""

    conversation_id: ConversationId
    reply: str
    actions: tuple[ChatAction, ...] = ()
    question: ChatQuestion | None = None
    next_dates: tuple[AwareDatetime, ...] = ()

"""One message of a conversation, from its words to its answer. Nothing is kept in memory.

The conversation lives in the state store and is changed only over the version that was read, so
any replica can take the next message. A message that changes something is stored before that is
done, and a repeat with its key goes on where the first attempt stopped.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from tasks.chat import replies
from tasks.chat.answering import chosen
from tasks.chat.confirmation import confirmed_first
from tasks.chat.executor import AmbiguousTaskError, ExecutorFactory, ToolResult
from tasks.chat.history import History, StoredQuestion, Turn, exchanges
from tasks.chat.model import ChatModel, Message
from tasks.chat.tools import CreateRecurringTask
from tasks.chat.understanding import (
    Choice,
    Missing,
    Question,
    ToolCall,
    Understanding,
    ask,
    given,
)
from todo_shared.dapr import ABSENT, StateConflictError, StateStore, Upsert, state_key
from todo_shared.errors import ConflictError, InvalidError, NotFoundError
from todo_shared.ids import derived, uuid7
from todo_shared.models.chat import ChatAction, ChatQuestion, ChatRequest, ChatResponse
from todo_shared.recurrence import RecurrenceError, load_zone, next_dates

_log = logging.getLogger(__name__)
_ATTEMPTS: Final = 6
_DATES: Final = 3


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a conversation is stored, and the version that was read."""

    key: str
    etag: str
    history: History


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A message with what is fixed about it."""

    user_id: str
    conversation_id: str
    key: str
    text: str
    zone: ZoneInfo
    now: datetime


class Conversation:
    """Answers messages with one model, one set of tools and one store."""

    def __init__(
        self,
        model: ChatModel,
        tools: ExecutorFactory,
        store: StateStore,
        *,
        kept_days: int = 30,
        zone: str = "UTC",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._model = model
        self._tools = tools
        self._store = store
        self._ttl_seconds = kept_days * 86_400
        self._zone = zone
        self._now = now

    async def say(self, user_id: str, request: ChatRequest, key: str | None) -> ChatResponse:
        """The answer to a message; the same `key` gives the same answer again.

        Raises InvalidError for an unknown zone, ConflictError when the conversation goes on
        elsewhere at the same time, UnavailableError when a dependency is away.
        """
        begun = derived("conversation", user_id, key) if key else uuid7()
        conversation_id = request.conversation_id or str(begun)
        turn_key = key or str(uuid4())
        for _ in range(_ATTEMPTS):
            place = await self._read(user_id, conversation_id)
            known = place.history.turn(turn_key)
            if known is not None and known.said != request.message:
                raise InvalidError("this Idempotency-Key was used before with another message")
            if known is not None and known.answer is not None:
                return known.answer
            zone = _zone(request.zone or place.history.zone or self._zone)
            # What was begun is understood again as it was then: the same call, with the same key.
            now = known.at if known is not None else self._now()
            spoken = _Spoken(user_id, conversation_id, turn_key, request.message, zone, now)
            understood = await self._understood(spoken, place.history)
            try:
                return await self._answered(spoken, understood, place)
            except StateConflictError:
                _log.info("the conversation went on elsewhere, it is read again")
        raise ConflictError("the conversation is being continued elsewhere; try again")

    async def _read(self, user_id: str, conversation_id: str) -> _Place:
        key = state_key("conversation", user_id, conversation_id)
        stored = await self._store.get(key)
        if stored is None:
            return _Place(key, ABSENT, History())
        try:
            return _Place(key, stored.etag, History.model_validate_json(stored.value))
        except ValidationError:
            _log.exception("a stored conversation cannot be read, it begins anew")
            return _Place(key, stored.etag, History())

    async def _understood(self, spoken: _Spoken, history: History) -> Understanding:
        before = history.before(spoken.key)
        question = _pending(before)
        if question is not None:
            picked = chosen(question, spoken.text)
            if picked is not None:
                return picked
        message = Message(spoken.text, spoken.now, spoken.zone, exchanges(before), question)
        found = await self._model.understand(message)
        return confirmed_first(found.call) if found.call is not None else found

    async def _answered(
        self, spoken: _Spoken, understood: Understanding, place: _Place
    ) -> ChatResponse:
        """Raises StateConflictError while nothing has been done yet."""
        turn = Turn(key=spoken.key, said=spoken.text, at=spoken.now)
        call = understood.call
        if call is None or not call.changes_data:
            answer, asked = await self._outcome(spoken, understood)
            await self._save(spoken, place, _with(turn, answer, asked))
            return answer
        if place.history.turn(spoken.key) is None:
            await self._save(spoken, place, turn)
        answer, asked = await self._outcome(spoken, understood)
        await self._finish(spoken, _with(turn, answer, asked))
        return answer

    async def _save(self, spoken: _Spoken, place: _Place, turn: Turn) -> None:
        history = place.history.with_turn(turn, spoken.zone.key)
        value = history.model_dump_json().encode()
        await self._store.transact([Upsert(place.key, value, place.etag, self._ttl_seconds)])

    async def _finish(self, spoken: _Spoken, turn: Turn) -> None:
        """Store the answer of what was done, beside whatever was said meanwhile."""
        for _ in range(_ATTEMPTS):
            place = await self._read(spoken.user_id, spoken.conversation_id)
            try:
                return await self._save(spoken, place, turn)
            except StateConflictError:
                continue
        raise ConflictError("the conversation is being continued elsewhere; try again")

    async def _outcome(
        self, spoken: _Spoken, understood: Understanding
    ) -> tuple[ChatResponse, Question | None]:
        if understood.call is None:
            return _asking(spoken, understood.ask)
        call = understood.call
        tools = self._tools(spoken.user_id)
        try:
            result = await tools.run(call, str(derived("chat", spoken.conversation_id, spoken.key)))
        except AmbiguousTaskError as error:
            return _asking(spoken, _which(call, error))
        except (NotFoundError, ConflictError, InvalidError) as error:
            return ChatResponse(conversation_id=spoken.conversation_id, reply=str(error)), None
        return _done(spoken, call, result), None


def _pending(before: tuple[Turn, ...]) -> Question | None:
    """The question of the last turn. One that is being answered already is not asked any more."""
    if not before or before[-1].asked is None:
        return None
    try:
        return before[-1].asked.question()
    except ValueError:
        return None


def _with(turn: Turn, answer: ChatResponse, asked: Question | None) -> Turn:
    stored = StoredQuestion.of(asked) if asked is not None else None
    return turn.model_copy(update={"answer": answer, "asked": stored})


def _asking(spoken: _Spoken, question: Question | None) -> tuple[ChatResponse, Question]:
    if question is None:
        raise AssertionError("unreachable")
    shown = ChatQuestion(
        missing=question.missing.value,
        text=question.text,
        choices=tuple(choice.label for choice in question.choices),
    )
    reply = replies.asked(question)
    answer = ChatResponse(conversation_id=spoken.conversation_id, reply=reply, question=shown)
    return answer, question


def _which(call: ToolCall, error: AmbiguousTaskError) -> Question | None:
    choices = tuple(
        Choice(each.title, ToolCall(call.arguments.model_copy(update={"task": each.id})))
        for each in error.candidates
    )
    return ask(Missing.TASK, "Which one do you mean?", *choices).ask


def _done(spoken: _Spoken, call: ToolCall, result: ToolResult) -> ChatResponse:
    dates: tuple[datetime, ...] = ()
    if isinstance(call.arguments, CreateRecurringTask):
        coming = next_dates(call.arguments.recurrence(), spoken.now, _DATES)
        dates = tuple(each.instant.astimezone(spoken.zone) for each in coming)
    action = ChatAction(
        tool=call.tool.value,
        arguments=given(call.arguments),
        result=result.model_dump(mode="json"),
    )
    return ChatResponse(
        conversation_id=spoken.conversation_id,
        reply=replies.told(call, result, spoken.zone, dates),
        actions=(action,),
        next_dates=dates,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return load_zone(name)
    except RecurrenceError as error:
        raise InvalidError(str(error)) from error

"""A conversation: questions and their answers, repeats, crashes, and messages at the same time."""

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from memory_store import MemoryStore
from notebook import Notebook

from tasks.chat.conversation import Conversation
from tasks.chat.model import Message
from tasks.chat.rule_model import RuleModel
from tasks.chat.understanding import Understanding, tool_call
from todo_shared.dapr import SidecarUnavailableError, StateStore, StoredValue
from todo_shared.errors import ConflictError, InvalidError, UnavailableError
from todo_shared.models.chat import ChatRequest, ChatResponse

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Talk:
    """One user's conversation, each message taken by a replica of its own."""

    def __init__(self, notebook: Notebook, store: MemoryStore, user: str = "ann") -> None:
        self.notebook, self.store, self.user = notebook, store, user
        self.conversation_id: str | None = None
        self.now: Callable[[], datetime] = lambda: NOW

    def replica(self) -> Conversation:
        store: StateStore = self.store
        return Conversation(
            RuleModel(), self.notebook.of, store, zone="Europe/Berlin", now=self.now
        )

    async def say(self, text: str, key: str | None = None, zone: str | None = None) -> ChatResponse:
        request = ChatRequest(conversation_id=self.conversation_id, message=text, zone=zone)
        answer = await self.replica().say(self.user, request, key)
        self.conversation_id = answer.conversation_id
        return answer


@pytest.fixture
def notebook() -> Notebook:
    """Nobody has any task."""
    return Notebook()


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture
def talk(notebook: Notebook, store: MemoryStore) -> Talk:
    """A conversation of ann."""
    return Talk(notebook, store)


async def test_a_clear_request_is_done_and_repeated_in_words(talk: Talk) -> None:
    answer = await talk.say("remind me to call mum tomorrow at 9")
    assert answer.reply == 'Added "call mum", due Saturday 21 November 2026, 09:00.'
    assert [(action.tool, action.arguments) for action in answer.actions] == [
        ("add_task", {"title": "call mum", "due_date": "2026-11-21T09:00:00+01:00"})
    ]
    assert answer.question is None
    assert talk.notebook.titles("ann") == ["call mum"]


async def test_a_schedule_is_described_with_its_next_dates(talk: Talk) -> None:
    answer = await talk.say("every second friday at 9 remind me to send the invoice")
    assert "every second Friday at 09:00, Europe/Berlin" in answer.reply
    assert [date.isoformat() for date in answer.next_dates] == [
        "2026-11-27T09:00:00+01:00",
        "2026-12-11T09:00:00+01:00",
        "2026-12-25T09:00:00+01:00",
    ]


async def test_nothing_is_deleted_before_the_yes(talk: Talk) -> None:
    await talk.say("add buy milk")
    asked = await talk.say("delete the milk task")
    assert asked.question is not None
    assert (asked.question.missing, asked.question.choices) == ("confirmation", ("Yes", "No"))
    assert talk.notebook.titles("ann") == ["buy milk"]
    answer = await talk.say("Yes, please")
    assert answer.reply == 'Deleted "buy milk".'
    assert talk.notebook.titles("ann") == []


@pytest.mark.parametrize("words", ["no", "cancel", "never mind", "2", "the second"])
async def test_a_no_changes_nothing_and_ends_the_question(talk: Talk, words: str) -> None:
    await talk.say("add buy milk")
    await talk.say("delete the milk task")
    assert (await talk.say(words)).actions == ()
    late = await talk.say("yes")
    assert late.question is not None and late.question.missing == "intent"
    assert talk.notebook.titles("ann") == ["buy milk"]


async def test_another_request_instead_of_an_answer_ends_the_question(talk: Talk) -> None:
    await talk.say("add buy milk")
    await talk.say("delete the milk task")
    assert (await talk.say("show my tasks")).actions[0].tool == "list_tasks"
    assert (await talk.say("yes")).actions == ()
    assert talk.notebook.titles("ann") == ["buy milk"]


@pytest.mark.parametrize(
    ("first", "second", "title", "due"),
    [
        ("remind me to call mum at 12", "noon", "call mum", "2026-11-20T12:00:00+01:00"),
        ("remind me to call mum at 12", "2", "call mum", "2026-11-21T00:00:00+01:00"),
        ("remind me to call mum", "tomorrow at 9", "call mum", "2026-11-21T09:00:00+01:00"),
        ("remind me in 20 minutes", "to call mum", "call mum", "2026-11-20T10:20:00+01:00"),
        ("add a task for tomorrow", "buy milk", "buy milk", "2026-11-21T09:00:00+01:00"),
        ("add a task", "buy milk on monday", "buy milk", "2026-11-23T09:00:00+01:00"),
    ],
)
async def test_an_answer_completes_the_request(
    talk: Talk, first: str, second: str, title: str, due: str
) -> None:
    assert (await talk.say(first)).question is not None
    answer = await talk.say(second)
    assert answer.actions[0].arguments == {"title": title, "due_date": due}
    assert talk.notebook.titles("ann") == [title]


async def test_a_schedule_is_completed_by_its_day(talk: Talk) -> None:
    await talk.say("remind me to swim every week")
    answer = await talk.say("tuesday")
    assert answer.actions[0].arguments["rule"] == "FREQ=WEEKLY;BYDAY=TU"


async def test_words_for_several_tasks_are_asked_about(talk: Talk) -> None:
    for title in ("buy milk", "spill milk"):
        await talk.say(f"add {title}")
    asked = await talk.say("complete milk")
    assert asked.question is not None and asked.question.choices == ("buy milk", "spill milk")
    answer = await talk.say("spill milk")
    assert answer.reply == '"spill milk" is done.'


async def test_a_task_that_is_not_there_is_told(talk: Talk) -> None:
    answer = await talk.say("complete buy milk")
    assert (answer.reply, answer.actions) == ('There is no task "buy milk".', ())


async def test_a_repeat_with_its_key_is_answered_and_not_done_again(talk: Talk) -> None:
    first = await talk.say("add buy milk", key="k1")
    assert await talk.say("add buy milk", key="k1") == first
    assert talk.notebook.titles("ann") == ["buy milk"]
    with pytest.raises(InvalidError, match="Idempotency-Key"):
        await talk.say("add buy bread", key="k1")


async def test_the_first_message_is_known_by_its_key_too(talk: Talk) -> None:
    first = await talk.say("add buy milk", key="k1")
    talk.conversation_id = None
    assert await talk.say("add buy milk", key="k1") == first


async def test_after_a_crash_in_the_middle_the_repeat_goes_on(talk: Talk) -> None:
    await talk.say("hello")
    # Write 2 stores the message, then the task is made, then the answer of write 3 gets lost.
    talk.store.fail_writes = {3}
    with pytest.raises(SidecarUnavailableError):
        await talk.say("remind me to call mum in 2 hours", key="k1")
    assert talk.notebook.titles("ann") == ["call mum"]
    talk.now = lambda: NOW + timedelta(minutes=5)
    answer = await talk.say("remind me to call mum in 2 hours", key="k1")
    assert answer.actions[0].arguments["due_date"] == "2026-11-20T12:00:00+01:00"
    assert talk.notebook.titles("ann") == ["call mum"]
    assert talk.notebook.calls == [("ann", "add_task")]


async def test_when_the_message_could_not_be_stored_nothing_was_done(talk: Talk) -> None:
    talk.store.fail_writes = {1}
    with pytest.raises(SidecarUnavailableError):
        await talk.say("add buy milk", key="k1")
    assert talk.notebook.titles("ann") == []


async def test_one_yes_of_two_at_the_same_time_counts(talk: Talk) -> None:
    await talk.say("add buy milk")
    await talk.say("delete the milk task")
    answers = await asyncio.gather(*(talk.say("yes") for _ in range(4)))
    assert sum(len(answer.actions) for answer in answers) == 1
    assert talk.notebook.calls.count(("ann", "delete_task")) == 1


async def test_messages_at_the_same_time_are_all_kept(talk: Talk) -> None:
    await talk.say("hello")
    await asyncio.gather(*(talk.say(f"add task number {word}") for word in ("ape", "bee", "cat")))
    assert sorted(talk.notebook.titles("ann")) == ["number ape", "number bee", "number cat"]
    stored = json.loads(next(iter(talk.store.values.values())).value)
    assert len(stored["turns"]) == 4
    assert all(turn["answer"] for turn in stored["turns"])


async def test_a_store_that_always_moves_on_is_given_up(talk: Talk) -> None:
    await talk.say("hello")

    class Restless(MemoryStore):
        async def get(self, key: str) -> StoredValue | None:
            found = await super().get(key)
            return StoredValue(found.value, "old") if found else None

    talk.store = Restless(talk.store.values)
    with pytest.raises(ConflictError, match="elsewhere"):
        await talk.say("add buy milk")
    assert talk.notebook.titles("ann") == []


async def test_another_user_cannot_take_part(notebook: Notebook, store: MemoryStore) -> None:
    ann, bob = Talk(notebook, store, "ann"), Talk(notebook, store, "bob")
    await ann.say("add buy milk")
    await ann.say("delete the milk task")
    bob.conversation_id = ann.conversation_id
    assert (await bob.say("yes")).actions == ()
    assert (await bob.say("show my tasks")).reply == "There is nothing like that on your list."
    assert notebook.titles("ann") == ["buy milk"]


async def test_the_zone_is_remembered_and_must_exist(talk: Talk) -> None:
    with pytest.raises(InvalidError, match="time zone"):
        await talk.say("hello", zone="Mars/Base")
    await talk.say("hello", zone="Asia/Tokyo")
    answer = await talk.say("add run tomorrow at 9am")
    assert answer.actions[0].arguments["due_date"] == "2026-11-21T09:00:00+09:00"


async def test_what_is_kept_is_bounded_and_ends(talk: Talk) -> None:
    for number in range(45):
        await talk.say(f"add task number {number}")
    await talk.say("show my tasks")
    stored = json.loads(next(iter(talk.store.values.values())).value)
    assert len(stored["turns"]) == 40
    results = [action["result"] for turn in stored["turns"] for action in turn["answer"]["actions"]]
    assert results[:-1] == [None] * (len(results) - 1) and results[-1]["items"]
    assert list(talk.store.ttls.values()) == [30 * 86_400]


async def test_a_conversation_that_cannot_be_read_begins_anew(talk: Talk) -> None:
    await talk.say("hello")
    key = next(iter(talk.store.values))
    talk.store.values[key] = StoredValue(b'{"version":9}', talk.store.values[key].etag)
    assert (await talk.say("add buy milk")).actions[0].tool == "add_task"


async def test_a_question_of_an_unknown_kind_is_not_pending(talk: Talk) -> None:
    await talk.say("add buy milk")
    await talk.say("delete the milk task")
    key = next(iter(talk.store.values))
    stored = talk.store.values[key]
    changed = stored.value.replace(
        b'"tool":"delete_task","arguments":{"task"', b'"tool":"zap","arguments":{"task"'
    )
    assert changed != stored.value
    talk.store.values[key] = StoredValue(changed, stored.etag)
    assert (await talk.say("yes")).actions == ()


async def test_a_lost_database_is_told_apart_from_a_refusal(talk: Talk) -> None:
    talk.notebook.away = True
    with pytest.raises(UnavailableError):
        await talk.say("add buy milk")


async def test_no_model_can_delete_without_a_yes(notebook: Notebook, store: MemoryStore) -> None:
    class Eager:
        async def understand(self, message: Message) -> Understanding:
            return Understanding(call=tool_call("delete_task", {"task": "buy milk"}))

    await Talk(notebook, store).say("add buy milk")
    conversation = Conversation(Eager(), notebook.of, store, now=lambda: NOW)
    answer = await conversation.say("ann", ChatRequest(message="anything"), None)
    assert answer.question is not None and answer.question.missing == "confirmation"
    assert notebook.titles("ann") == ["buy milk"]


async def test_lists_are_told_line_by_line(talk: Talk) -> None:
    await talk.say("add buy milk tomorrow")
    await talk.say("add run")
    await talk.say("complete run")
    await talk.say("add swim every tuesday")
    assert (await talk.say("show my tasks")).reply.splitlines() == [
        "- buy milk, due Saturday 21 November 2026, 09:00",
        "- run (done)",
    ]
    for number in range(12):
        await talk.say(f"add task x{number}")
    assert (await talk.say("show my tasks")).reply.splitlines()[-1] == "and more"


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("rename milk to oat milk", 'Changed "oat milk".'),
        ("move milk to monday", 'Changed "buy milk": due Monday 23 November 2026, 09:00.'),
        ("add a note to milk: two litres", 'Changed "buy milk": note "two litres".'),
        (
            "remind me about milk at 5pm",
            'I will remind you of "buy milk" on Friday 20 November 2026, 17:00.',
        ),
        (
            "remind me 30 minutes before milk",
            'I will remind you of "buy milk" 30 minutes before it is due.',
        ),
        ("cancel the reminder for milk", 'No reminder of "buy milk" any more.'),
    ],
)
async def test_every_change_is_told(talk: Talk, text: str, reply: str) -> None:
    await talk.say("add buy milk")
    assert (await talk.say(text)).reply == reply


async def test_choices_are_numbered_in_words(talk: Talk) -> None:
    answer = await talk.say("remind me to call mum at 12")
    assert answer.reply.splitlines()[1:] == [
        '1. Add "call mum", due Friday 20 November 2026, 12:00 (noon)',
        '2. Add "call mum", due Saturday 21 November 2026, 00:00 (midnight)',
    ]

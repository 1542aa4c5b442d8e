"""Dead letters on a real broker: seen, sent again, and none lost by a crash in between."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from broker import Broker, await_topics
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from todo_shared.broker import BrokerConnection
from todo_shared.dead_letters.command import main
from todo_shared.dead_letters.log import DeadLetterLog
from todo_shared.dead_letters.replay import LetterProducer, ReplayIncompleteError, replay
from todo_shared.events.envelope import StoredEvent, encode, new_event
from todo_shared.events.payloads import EventData, TaskCreated, UserRegistered
from todo_shared.ids import derived
from todo_shared.topic_reader import BrokerUnavailableError
from todo_shared.topics import create_topics, declared, with_dead_letters

PARTITIONS = range(6)
# The command, held up when the third batch is with the broker and not recorded yet.
HELD_UP = """
import sys
from todo_shared.dead_letters.command import main
from todo_shared.dead_letters.log import DeadLetterLog

mark, batches = DeadLetterLog.mark, []

def mark_late(log, letters):
    batches.append(letters)
    if len(batches) == 3:
        print("sent", flush=True)
        sys.stdin.read()
    mark(log, letters)

DeadLetterLog.mark = mark_late
sys.exit(main(["replay", "--all"]))
"""
_prefixes = count(1)


class Letters:
    """One environment on the broker, filled with letters by hand."""

    def __init__(self, broker: Broker, prefix: str) -> None:
        self.broker, self.prefix = broker, prefix
        admin = AdminClient({"bootstrap.servers": broker.address})
        create_topics(admin, with_dead_letters(), prefix, 1)
        await_topics(admin, (f"{prefix}{topic.name}" for topic in with_dead_letters()))
        self._producer = Producer({"bootstrap.servers": broker.address, "enable.idempotence": True})

    def fail(self, topic: str, value: bytes | None, key: str = "ann", partition: int = 0) -> None:
        """Put a message where a sidecar puts it that has given up."""
        self._producer.produce(
            f"{self.prefix}{topic}.dlq",
            value,
            key,
            partition,
            headers=[("traceparent", b"00-1-2-01"), ("__topic", f"{self.prefix}{topic}".encode())],
        )
        assert self._producer.flush(60) == 0

    def fail_events(self, number: int, user: str = "ann") -> list[str]:
        """Dead letters of `number` events of task.created; their ids in order."""
        made = [event(f"task-{each}", user, each + 1) for each in range(number)]
        for _, value in made:
            self._producer.produce(f"{self.prefix}task.created.dlq", value, user, 3)
        assert self._producer.flush(60) == 0
        return [name for name, _ in made]

    def messages(self, topic: str) -> list[Any]:
        """Everything in `topic` now, by partition and offset."""
        consumer = Consumer(
            {"bootstrap.servers": self.broker.address, "group.id": "test", "log_level": 0}
        )
        found: list[Any] = []
        for partition in PARTITIONS:
            place = TopicPartition(self.prefix + topic, partition, OFFSET_BEGINNING)
            first, end = consumer.get_watermark_offsets(place, timeout=60)
            consumer.assign([place])
            for _ in range(first, end):
                message = consumer.poll(60)
                assert message is not None
                assert message.error() is None
                found.append(message)
        consumer.close()
        return found

    def ids(self, topic: str) -> list[str]:
        """The ids of the events in `topic`."""
        return [json.loads(message.value())["id"] for message in self.messages(topic)]


def event(cause: str, user: str = "ann", seq: int = 1) -> tuple[str, bytes]:
    """An event of task.created: its id, and its bytes on the wire."""
    return _encoded(TaskCreated(task_id=cause, user_id=user, title="x"), cause, seq)


def _encoded(data: EventData, cause: str, seq: int) -> tuple[str, bytes]:
    new = new_event(derived("test", cause), data, datetime.now(UTC))
    stored = StoredEvent(1, new.id, new.topic, new.key, seq, new.time, new.data, "", "")
    return str(new.id), encode(stored, "task-service")


@pytest.fixture
def letters(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Letters:
    """An environment of the test's own, which the command finds in its settings."""
    prefix = f"letters-{next(_prefixes)}."
    monkeypatch.setenv("KAFKA_BROKERS", broker.address)
    monkeypatch.setenv("TOPIC_PREFIX", prefix)
    monkeypatch.setenv("WAIT_SECONDS", "60")
    return Letters(broker, prefix)


Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with --json; its exit code and what it printed, or said on stderr."""

    def command(*words: str) -> tuple[int, Any]:
        code = main([*words, "--json"])
        told = capsys.readouterr()
        return code, told.err if code else json.loads(told.out)

    return command


def test_a_letter_is_listed_with_its_place_event_user_age_and_failure(
    letters: Letters, run: Run
) -> None:
    name, value = event("t1", "ann")
    letters.fail("task.created", value, "ann", partition=2)
    code, told = run("list")
    (found,) = told["letters"]
    assert code == 0
    assert (found["topic"], found["partition"], found["offset"]) == ("task.created", 2, 0)
    assert (found["event_id"], found["user_id"], found["replayed"]) == (name, "ann", False)
    assert 0 <= found["age_seconds"] < 60
    assert found["failure"]["__topic"] == f"{letters.prefix}task.created"


def test_the_same_letters_as_a_table(letters: Letters, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert capsys.readouterr().out == "no dead letters\n"
    name, value = event("t1", "ann")
    letters.fail("task.created", value)
    letters.fail("task.created", b"\xff\xfe", "bob", partition=1)
    assert main(["list", "--limit", "1"]) == 0
    heading, row, more = capsys.readouterr().out.splitlines()
    assert heading.split()[:5] == ["TOPIC", "PARTITION", "OFFSET", "EVENT", "USER"]
    assert row.split()[:5] == ["task.created", "0", "0", name, "ann"]
    assert more == "and 1 more: --limit"


def test_a_letter_is_shown_whole_by_event_or_by_place(letters: Letters, run: Run) -> None:
    name, value = event("t1")
    letters.fail("task.created", value, partition=4)
    for asked in (name, "task.created/4/0"):
        code, told = run("show", asked)
        assert (code, told["event"]) == (0, json.loads(value))


@pytest.mark.parametrize(
    ("value", "content"),
    [(b"no event", {"text": "no event"}), (b"\xff", {"base64": "/w=="}), (None, {"text": ""})],
)
def test_a_letter_that_is_no_event_is_shown_too(
    letters: Letters, run: Run, value: bytes | None, content: dict[str, str]
) -> None:
    letters.fail("task.deleted", value)
    code, told = run("show", "task.deleted/0/0")
    assert code == 0
    assert content.items() <= told.items()
    assert told["event_id"] is None


def test_a_replayed_letter_arrives_with_the_same_key_bytes_and_partition(
    letters: Letters, run: Run
) -> None:
    name, value = event("t1", "ann")
    letters.fail("task.created", value, "ann", partition=5)
    letters.fail("task.created", event("t2")[1])
    code, told = run("replay", name)
    assert (code, [each["position"] for each in told["replayed"]]) == (0, ["task.created/5/0"])
    (arrived,) = letters.messages("task.created")
    assert (arrived.key(), arrived.value(), arrived.partition()) == (b"ann", value, 5)
    assert ("replayed-from", b"task.created/5/0") in arrived.headers()
    assert [each["event_id"] for each in run("list")[1]["letters"]] == [
        str(derived("test", "t2")),
    ]
    assert len(run("list", "--replayed")[1]["letters"]) == 2


def test_what_was_replayed_by_itself_is_not_replayed_again_with_all(
    letters: Letters, run: Run
) -> None:
    names = letters.fail_events(5)
    assert run("replay", names[3])[0] == 0
    assert run("replay", "--all")[0] == 0
    assert sorted(letters.ids("task.created")) == sorted(names)
    assert run("replay", "--all") == (0, {"replayed": []})
    assert run("replay", names[3])[0] == 0
    assert letters.ids("task.created").count(names[3]) == 2


def test_all_of_one_topic_leaves_the_others(letters: Letters, run: Run) -> None:
    letters.fail_events(2)
    user, value = _encoded(UserRegistered(user_id="ann", registered_at=datetime.now(UTC)), "u", 1)
    letters.fail("user.registered", value)
    assert run("replay", "--topic", "user.registered")[0] == 0
    assert letters.ids("user.registered") == [user]
    assert letters.messages("task.created") == []


def test_a_dry_run_sends_nothing_and_records_nothing(letters: Letters, run: Run) -> None:
    names = letters.fail_events(2)
    code, told = run("replay", "--all", "--dry-run")
    assert (code, [each["event_id"] for each in told["would_replay"]]) == (0, names)
    assert letters.messages("task.created") == []
    assert len(run("list")[1]["letters"]) == 2


def test_an_event_that_fails_again_is_a_letter_again(letters: Letters, run: Run) -> None:
    name, value = event("t1")
    letters.fail("task.created", value)
    assert run("replay", "--all")[0] == 0
    letters.fail("task.created", value)
    (found,) = run("list")[1]["letters"]
    assert (found["event_id"], found["offset"]) == (name, 1)
    assert len(run("replay", name)[1]["replayed"]) == 1


def test_an_unknown_id_is_refused_in_one_sentence(letters: Letters, run: Run) -> None:
    letters.fail_events(1)
    for asked in ("nobody", "task.created/3/99", "other/0/0"):
        code, told = run("replay", asked)
        assert code == 1
        assert told == f"error: no dead letter is called {asked}; `list` shows those there are\n"
    assert letters.messages("task.created") == []


def test_a_missing_topic_is_named(broker: Broker) -> None:
    with (
        DeadLetterLog(BrokerConnection(broker.address), "absent.") as log,
        pytest.raises(BrokerUnavailableError, match=r"no topic absent\.task\.created\.dlq"),
    ):
        list(log.read(["task.created"]))


def test_letters_keep_their_order(letters: Letters, run: Run) -> None:
    names = letters.fail_events(450)
    assert run("replay", "--all")[0] == 0
    assert letters.ids("task.created") == names


def test_a_run_that_ends_before_its_record_is_made_up_by_the_next(
    letters: Letters, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = letters.fail_events(3)

    def lost(_log: DeadLetterLog, _letters: object) -> None:
        raise BrokerUnavailableError("the record could not be written")

    with monkeypatch.context() as broken:
        broken.setattr(DeadLetterLog, "mark", lost)
        code, told = run("replay", "--all")
    assert (code, told) == (1, "error: the record could not be written\n")
    assert run("replay", "--all")[0] == 0
    assert letters.ids("task.created") == names * 2


def test_nothing_is_lost_when_the_command_is_killed(letters: Letters, run: Run) -> None:
    names = letters.fail_events(3000)
    with subprocess.Popen(
        [sys.executable, "-c", HELD_UP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    ) as replaying:
        assert replaying.stdout is not None
        assert replaying.stdout.readline() == "sent\n", "it ended before it could be killed"
        replaying.send_signal(signal.SIGKILL)
    sent = len(letters.messages("task.created"))
    assert 0 < sent < len(names), "it was not killed in the middle"
    code, told = run("replay", "--all")
    assert code == 0
    assert set(letters.ids("task.created")) == set(names)
    # Only the batch that was under way may have gone out twice.
    assert len(told["replayed"]) <= len(names) - sent + 200
    assert run("list")[1] == {"letters": [], "more": 0}


def test_letters_that_the_broker_refuses_stay_and_are_counted(letters: Letters) -> None:
    names = letters.fail_events(2)
    letters.fail("task.deleted", b"x" * 1000)
    with DeadLetterLog(BrokerConnection(letters.broker.address), letters.prefix) as log:
        everything = list(log.read([topic.name for topic in declared()]))
        absent = LetterProducer(BrokerConnection(letters.broker.address), "absent.", seconds=2)
        with pytest.raises(ReplayIncompleteError, match="3 letters were not taken"):
            list(replay(everything, log, absent))
        waiting = [letter for letter in log.read(["task.created"]) if not letter.replayed]
    assert [letter.event_id for letter in waiting] == names


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings that point to no broker."""
    monkeypatch.setenv("KAFKA_BROKERS", "127.0.0.1:9")
    monkeypatch.setenv("TOPIC_PREFIX", "")
    monkeypatch.setenv("WAIT_SECONDS", "1")
    yield


@pytest.mark.usefixtures("nowhere")
def test_without_a_broker_the_command_says_so(run: Run) -> None:
    code, told = run("list")
    assert code == 1
    assert told.startswith("error: the broker at 127.0.0.1:9: ")

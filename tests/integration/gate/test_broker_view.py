"""What the gate reads from the broker, on a real Kafka with the platform's own listeners."""

import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import SecureBroker
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from ballast.components import broker_rights
from ballast.errors import BallastError
from ballast.gate import broker_view
from ballast.gate.broker_view import BrokerView

TOPIC, GROUP = "dev.task.created", "todo-app-dev.notification-service"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker with one topic of the platform in two partitions and its own users."""
    made = SecureBroker(tmp_path_factory.mktemp("kafka"))
    made.start()
    made.admit(broker_rights.plan(["dev"]))
    admin = AdminClient(made.login("topics"))
    for done in admin.create_topics([NewTopic(TOPIC, 2, 1)]).values():
        done.result(60)
    yield made
    made.stop()


@pytest.fixture
def view(broker: SecureBroker) -> Iterator[BrokerView]:
    context = ssl.create_default_context(cafile=broker.tls / "ca.crt")
    context.load_cert_chain(broker.tls / "admin.crt", broker.tls / "admin.key")
    with broker_view._connect(context, "127.0.0.1", broker.admin) as connected:
        yield BrokerView(connected)


def publish(broker: SecureBroker, count: int) -> None:
    producer = Producer(broker.login("task-service"))
    for n in range(count):
        producer.produce(TOPIC, b"{}", partition=n % 2)
    assert producer.flush(60) == 0


class Member(threading.Thread):
    """A consumer of the group that commits what it reads, until `leave`."""

    def __init__(self, broker: SecureBroker) -> None:
        super().__init__(daemon=True)
        login = broker.login("notification-service")
        self.consumer = Consumer(
            {**login, "group.id": GROUP, "auto.offset.reset": "earliest",
             "enable.auto.commit": False, "session.timeout.ms": 6000}
        )  # fmt: skip
        self.left = threading.Event()
        self.read = 0

    def run(self) -> None:
        self.consumer.subscribe([TOPIC])
        while not self.left.is_set():
            message = self.consumer.poll(0.1)
            if message is not None and message.error() is None:
                self.consumer.commit(message, asynchronous=False)
                self.read += 1
        self.consumer.close()

    def leave(self) -> None:
        self.left.set()
        self.join(60)


def until(holds) -> None:
    deadline = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_is_not_committed_is_the_lag_and_a_new_member_shares_anew(broker, view):
    first = Member(broker)
    first.start()
    publish(broker, 10)
    until(lambda: first.read >= 10)
    until(lambda: view.members(GROUP)[0] == "Stable")
    before = view.members(GROUP)[1]
    assert [member.partitions for member in before] == [2]
    first.leave()
    publish(broker, 7)
    seen = view.progress("todo-app-dev.")
    assert seen.lag(GROUP) == 7
    assert sum(seen.ends.values()) == 17
    second = Member(broker)
    second.start()
    until(lambda: second.read >= 7)
    assert {m.id for m in view.members(GROUP)[1]} & {m.id for m in before} == set()
    assert view.progress("todo-app-dev.").lags == {GROUP: 0}
    assert view.progress("todo-app-dev.").behind(seen) == []
    second.leave()


def test_groups_of_another_environment_are_left_out(view):
    assert view.progress("todo-app-staging.").lags == {}


def test_a_group_that_nobody_is_in_has_no_member(view):
    assert view.members("todo-app-dev.nobody")[1] == []


def test_leaders_are_named_and_counted_anew_after_a_restart(broker, view):
    before = view.leaders("dev.")
    assert sorted(before) == [f"{TOPIC}/0", f"{TOPIC}/1"]
    assert all(leader.pod for leader in before.values())
    broker.stop()
    with pytest.raises(BallastError, match="hung up"):
        view.leaders("dev.")
    broker.start()
    context = ssl.create_default_context(cafile=broker.tls / "ca.crt")
    context.load_cert_chain(broker.tls / "admin.crt", broker.tls / "admin.key")

    def all_elected() -> bool:
        with broker_view._connect(context, "127.0.0.1", broker.admin) as connected:
            after = BrokerView(connected).leaders("dev.")
        return all(after[place].epoch > old.epoch for place, old in before.items())

    until(all_elected)


def test_a_broker_that_is_away_is_a_sentence():
    with pytest.raises(BallastError, match="does not answer at"):
        broker_view._connect(ssl.create_default_context(), "127.0.0.1", 9)


def test_a_cluster_without_a_broker_is_a_sentence():
    class Empty:
        def list(self, *_: object) -> list[dict]:
            return []

    with (
        pytest.raises(BallastError, match="no pod of the broker serves"),
        broker_view.broker_view(Empty()),
    ):
        pass
    assert broker_view.ask(Empty(), lambda _: 1) is None


def test_a_secret_without_an_administrator_is_a_sentence(tmp_path: Path):
    class NoSecret:
        def get(self, *_: object) -> None:
            return None

    with pytest.raises(BallastError, match="has no administrator"):
        broker_view._administrator(NoSecret())

"""Topics and schemas are made on a real broker and offered to a registry, again and again."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from broker import Broker
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

from todo_shared import topics
from todo_shared.registry import SchemaRefusedError, SchemaRegistry
from todo_shared.topics import TopicMismatchError, create_topics, with_dead_letters


@pytest.fixture
def admin(broker: Broker) -> AdminClient:
    """A client of the broker."""
    return AdminClient({"bootstrap.servers": broker.address})


def test_missing_topics_are_made_and_present_ones_left_alone(admin: AdminClient) -> None:
    made = create_topics(admin, with_dead_letters(), "first.", 1)
    assert made == [f"first.{topic.name}" for topic in with_dead_letters()]
    assert create_topics(admin, with_dead_letters(), "first.", 1) == []
    present = admin.list_topics(timeout=10).topics
    assert {len(present[name].partitions) for name in made} == {6}


WEEK_MS = str(7 * 24 * 3600 * 1000)


def _retention(admin: AdminClient, topic: str) -> str | None:
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    try:
        config = next(iter(admin.describe_configs([resource]).values())).result()
    except KafkaException:
        return None
    return config["retention.ms"].value


def test_a_changed_retention_is_set_back(admin: AdminClient) -> None:
    topic = "retention.task.created"
    odd = NewTopic(topic, 6, 1, config={"retention.ms": "1000"})
    for made in admin.create_topics([odd]).values():
        made.result()
    while _retention(admin, topic) != "1000":
        time.sleep(0.01)
    create_topics(admin, with_dead_letters(), "retention.", 1)
    while _retention(admin, topic) != WEEK_MS:
        time.sleep(0.01)
    while _retention(admin, f"{topic}.dlq") != WEEK_MS:
        time.sleep(0.01)


def test_a_topic_with_other_partitions_is_refused(admin: AdminClient) -> None:
    for made in admin.create_topics([NewTopic("odd.task.created", 3, 1)]).values():
        made.result()
    while "odd.task.created" not in admin.list_topics(timeout=10).topics:
        time.sleep(0.01)
    with pytest.raises(TopicMismatchError, match="has 3 partitions, declared are 6"):
        create_topics(admin, with_dead_letters(), "odd.", 1)


class Registry(ThreadingHTTPServer):
    """A recording registry: it answers the two calls of the Confluent API that are made."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/apis/ccompat/v7"


class _Calls(BaseHTTPRequestHandler):
    server: Registry

    def _answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.calls.append((self.command, self.path, body))
        answer = b'{"id": 7}' if self.server.status == 200 else b'{"message": "incompatible"}'
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A running recording registry."""
    with Registry() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_each_schema_is_registered_under_its_topic_and_guarded(registry: Registry) -> None:
    assert SchemaRegistry(registry.url).register("dev.", "task.created") == 7
    (post, path, schema), (put, config, guard) = registry.calls
    assert (post, path) == ("POST", "/apis/ccompat/v7/subjects/dev.task.created-value/versions")
    assert json.loads(schema["schema"])["name"] == "TaskCreated"
    assert (put, config) == ("PUT", "/apis/ccompat/v7/config/dev.task.created-value")
    assert guard == {"compatibility": "FULL_TRANSITIVE"}


def test_a_refused_schema_fails_at_once_with_the_reason(registry: Registry) -> None:
    registry.status = 409
    with pytest.raises(SchemaRefusedError, match="incompatible"):
        SchemaRegistry(registry.url).register("dev.", "task.created")


def test_the_job_brings_broker_and_registry_to_the_declared_state(
    broker: Broker, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BROKERS", broker.address)
    monkeypatch.setenv("SCHEMA_REGISTRY_URL", registry.url)
    monkeypatch.setenv("TOPIC_PREFIX", "job.")
    topics.main()
    present = AdminClient({"bootstrap.servers": broker.address}).list_topics(timeout=10).topics
    assert {f"job.{topic.name}" for topic in with_dead_letters()} <= set(present)
    assert len([call for call in registry.calls if call[0] == "POST"]) == len(topics.declared())

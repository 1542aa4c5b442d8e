"""Topics and schemas are made on a real broker and offered to a registry, again and again."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from broker import Broker, await_topics
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic
from schema_registry import ApicurioServer

from todo_shared import registry as registry_module
from todo_shared import topics
from todo_shared.events.schemas import versions
from todo_shared.registry import SchemaRefusedError, SchemaRegistry, SubjectUnguardedError
from todo_shared.topics import TopicMismatchError, create_topics, with_dead_letters


@pytest.fixture
def admin(broker: Broker) -> AdminClient:
    """A client of the broker."""
    return AdminClient({"bootstrap.servers": broker.address})


def test_missing_topics_are_made_and_present_ones_left_alone(admin: AdminClient) -> None:
    made = create_topics(admin, with_dead_letters(), "first.", 1)
    assert made == [f"first.{topic.name}" for topic in with_dead_letters()]
    await_topics(admin, made)
    assert create_topics(admin, with_dead_letters(), "first.", 1) == []
    present = admin.list_topics(timeout=60).topics
    assert {len(present[name].partitions) for name in made} == {6}
    assert len(made) == 20
    assert "first.task.reminder" not in present


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
    await_topics(admin, ["odd.task.created"])
    with pytest.raises(TopicMismatchError, match="has 3 partitions, declared are 6"):
        create_topics(admin, with_dead_letters(), "odd.", 1)


class Registry(ThreadingHTTPServer):
    """A recording registry: it answers the three calls of the Confluent API that are made."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.status = 200
        self.compatibility = "FULL_TRANSITIVE"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/apis/ccompat/v7"


class _Calls(BaseHTTPRequestHandler):
    server: Registry

    def _answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"] or 0)) or b"{}")
        self.server.calls.append((self.command, self.path, body))
        told = {"id": 7, "compatibilityLevel": self.server.compatibility}
        refused = self.command == "POST" and self.server.status != 200
        answer = json.dumps({"message": "incompatible"} if refused else told).encode()
        self.send_response(self.server.status if refused else 200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815

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


def test_each_version_is_registered_under_a_guarded_subject(registry: Registry) -> None:
    assert SchemaRegistry(registry.url).register("dev.", "task.created") == 7
    (put, config, guard), (get, told, _), *posts = registry.calls
    assert (put, config) == ("PUT", "/apis/ccompat/v7/config/dev.task.created-value")
    assert guard == {"compatibility": "FULL_TRANSITIVE"}
    assert (get, told) == ("GET", config)
    assert {(verb, path) for verb, path, _ in posts} == {
        ("POST", "/apis/ccompat/v7/subjects/dev.task.created-value/versions")
    }
    assert [body["schema"] for _, _, body in posts] == list(versions("task.created"))


def test_a_registry_that_forgets_the_guard_gets_no_schema(registry: Registry) -> None:
    registry.compatibility = "NONE"
    with pytest.raises(SubjectUnguardedError, match="told FULL_TRANSITIVE and answers NONE"):
        SchemaRegistry(registry.url).register("dev.", "task.created")
    assert [verb for verb, _, _ in registry.calls] == ["PUT", "GET"]


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
    admin = AdminClient({"bootstrap.servers": broker.address})
    await_topics(admin, (f"job.{topic.name}" for topic in with_dead_letters()))
    posted = [path for verb, path, _ in registry.calls if verb == "POST"]
    assert {f"job.{topic.name}-value" for topic in topics.declared()} == {
        path.split("/")[-2] for path in posted
    }
    assert len(posted) == sum(len(versions(topic.name)) for topic in topics.declared())


@pytest.fixture(scope="module")
def apicurio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApicurioServer]:
    """The registry of the embedded platform."""
    server = ApicurioServer(tmp_path_factory.mktemp("apicurio"))
    server.start()
    yield server
    server.stop()


def test_a_real_registry_holds_every_schema_and_takes_it_again(apicurio: ApicurioServer) -> None:
    client = SchemaRegistry(apicurio.url)
    first = {topic.name: client.register("real.", topic.name) for topic in topics.declared()}
    again = {topic.name: client.register("real.", topic.name) for topic in topics.declared()}
    assert first == again
    assert len(set(first.values())) == len(first)
    for topic in topics.declared():
        subject = f"{apicurio.url}/subjects/real.{topic.name}-value"
        assert _read(f"{subject}/versions") == list(range(1, len(versions(topic.name)) + 1))
        config = _read(f"{apicurio.url}/config/real.{topic.name}-value")
        assert config == {"compatibilityLevel": "FULL_TRANSITIVE"}


def _read(url: str) -> object:
    with urllib.request.urlopen(url, timeout=60) as response:
        return json.load(response)


def test_a_real_registry_refuses_what_would_break_the_oldest_version(
    apicurio: ApicurioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = SchemaRegistry(apicurio.url)
    client.register("guarded.", "task.created")
    known = versions("task.created")
    breaking = json.loads(known[-1])
    # The newest version reads it; the first one wrote data without this field.
    del next(f for f in breaking["fields"] if f["name"] == "series_version")["default"]
    # Without another change the registry would take it for the newest version: it compares the
    # canonical form, which has no defaults. The contract tests compare the whole text.
    breaking["fields"].append({"name": "mood", "type": ["null", "string"], "default": None})
    monkeypatch.setattr(registry_module, "versions", lambda _: (*known, json.dumps(breaking)))
    with pytest.raises(SchemaRefusedError, match="409"):
        client.register("guarded.", "task.created")

"""A broker with one environment's users and topics, and a cluster whose pod reaches it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import SecureBroker, await_topics
from confluent_kafka.admin import AdminClient

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from pod_server import PodServer

from ballast.components.broker_rights import plan
from todo_shared.topics import create_topics, with_dead_letters

PREFIX = "dev."


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A Kafka broker with every user and topic of `dev`."""
    running = SecureBroker(tmp_path_factory.mktemp("kafka"))
    running.start()
    running.admit(plan(["dev"]))
    admin = AdminClient(running.login("topics"))
    create_topics(admin, with_dead_letters(), PREFIX, 1)
    await_topics(admin, (f"{PREFIX}{topic.name}" for topic in with_dead_letters()))
    yield running
    running.stop()


@pytest.fixture
def cluster(
    broker: SecureBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PodServer]:
    """A cluster that this machine's kubeconfig leads to."""
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path))
    environment = {"PATH": os.environ["PATH"], "TOPIC_PREFIX": PREFIX}
    server = PodServer(environment | {"KAFKA_BROKERS": broker.address})
    server.secrets["broker-users"] = {
        "todo-app-dev.operator": broker.password("todo-app-dev.operator"),
        "ca.crt": (broker.tls / "ca.crt").read_text(),
    }
    server.kubeconfig(tmp_path / "node" / "admin.kubeconfig")
    yield server
    server.close()

"""The broker with the platform's listeners and rights: who gets in, and what each may do there."""

import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from broker import SecureBroker, await_topics
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from ballast.agents import broker_access
from ballast.agents.broker_access import Broker as Administration
from ballast.agents.broker_access import Problem, Right
from ballast.components import broker_authority
from ballast.components.broker_rights import plan
from ballast.gate.eventually import eventually
from ballast.node.certificates import authority, issue
from todo_shared.topics import create_topics, with_dead_letters

TOPIC = "dev.task.created"
SECONDS = 60


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker with the users and rights of `dev` and `staging`, and the topics of `dev`."""
    running = SecureBroker(tmp_path_factory.mktemp("kafka"))
    running.start()
    running.admit(plan(["dev", "staging"]))
    admin = AdminClient(running.login("topics"))
    await_topics(admin, create_topics(admin, with_dead_letters(), "dev.", 1))
    yield running
    running.stop()


def sent(login: dict[str, str], topic: str, value: bytes = b"x") -> KafkaError | None:
    """What the broker answers to one message; None when it took it."""
    answers: list[KafkaError | None] = []
    settings = {"message.timeout.ms": SECONDS * 1000, "topic.metadata.refresh.interval.ms": 500}
    producer = Producer({**login, **settings})
    producer.produce(topic, value, "ann", on_delivery=lambda error, _: answers.append(error))
    producer.flush(SECONDS * 2)
    return answers[0]


def received(login: dict[str, str], topic: str, group: str) -> bytes | KafkaError:
    """The first message of a topic, or why there is none."""
    settings = {"group.id": group, "auto.offset.reset": "earliest"}
    consumer = Consumer({**login, **settings})
    consumer.subscribe([topic])
    deadline = time.monotonic() + SECONDS
    try:
        while time.monotonic() < deadline:
            message = consumer.poll(1.0)
            if message is not None:
                return message.error() or message.value() or b""
    finally:
        consumer.close()
    raise AssertionError(f"nothing came from {topic}")


def refusal(login: dict[str, str]) -> str:
    """Why this client is not let in, in the words of the library."""
    reasons: list[str] = []

    def told(error: Any) -> None:
        reasons.append(f"{error.name()} {error.str()}")

    client = Producer({**login, "error_cb": told})
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and not reasons:
        client.poll(0.2)
    assert reasons, "it was let in"
    return reasons[0]


def everything_on(topic: str, user: str) -> AclBinding:
    """A right that no plan has: all operations on every topic that begins like this."""
    return AclBinding(
        ResourceType.TOPIC,
        topic,
        ResourcePatternType.PREFIXED,
        f"User:{user}",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )


def test_a_publisher_and_a_subscriber_do_their_work(broker: SecureBroker) -> None:
    assert sent(broker.login("task-service"), TOPIC, b"hello") is None
    group = "todo-app-dev.scheduler-service"
    assert received(broker.login("scheduler-service"), TOPIC, group) == b"hello"
    assert sent(broker.login("scheduler-service"), f"{TOPIC}.dlq") is None


def test_a_wrong_password_is_refused(broker: SecureBroker) -> None:
    wrong = broker.login("task-service") | {"sasl.password": "guessed"}
    assert "_AUTHENTICATION" in refusal(wrong)


def test_an_unknown_user_is_refused(broker: SecureBroker) -> None:
    assert "_AUTHENTICATION" in refusal(broker.login("nobody"))


def test_a_password_of_another_environment_is_refused(broker: SecureBroker) -> None:
    other = broker.login("task-service") | {
        "sasl.password": broker.login("task-service", "staging")["sasl.password"]
    }
    assert "_AUTHENTICATION" in refusal(other)


def test_nobody_talks_in_the_clear(broker: SecureBroker) -> None:
    login = broker.login("task-service") | {"security.protocol": "SASL_PLAINTEXT"}
    assert refusal(login)
    with pytest.raises(KafkaException):
        AdminClient({"bootstrap.servers": broker.address, "log_level": 0}).list_topics(timeout=5)


def test_a_client_refuses_a_broker_of_another_authority(broker: SecureBroker) -> None:
    strange = authority("somebody else", 1).certificate_pem.decode()
    login = broker.login("task-service") | {"ssl.ca.pem": strange}
    del login["ssl.ca.location"]
    assert "_SSL" in refusal(login)


def test_a_client_refuses_a_broker_under_another_name(broker: SecureBroker) -> None:
    context = ssl.create_default_context(cafile=str(broker.tls / "ca.crt"))
    with (
        socket.create_connection(("127.0.0.1", broker.port), timeout=SECONDS) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match="mismatch"),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.2")


def test_an_app_writes_no_topic_that_it_does_not_publish(broker: SecureBroker) -> None:
    refused = sent(broker.login("notification-service"), TOPIC)
    assert refused is not None
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_an_app_reads_no_topic_that_it_does_not_subscribe_to(broker: SecureBroker) -> None:
    login = broker.login("notification-service")
    refused = received(login, "dev.task.updated", "todo-app-dev.notification-service")
    assert isinstance(refused, KafkaError)
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_an_app_that_only_publishes_does_not_read_its_own_topic(broker: SecureBroker) -> None:
    refused = received(broker.login("task-service"), TOPIC, "todo-app-dev.task-service")
    assert isinstance(refused, KafkaError)


def test_an_app_joins_no_group_of_another(broker: SecureBroker) -> None:
    login = broker.login("notification-service")
    refused = received(login, TOPIC, "todo-app-dev.scheduler-service")
    assert isinstance(refused, KafkaError)
    assert refused.code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_an_environment_does_not_reach_into_another(broker: SecureBroker) -> None:
    refused = sent(broker.login("task-service", "staging"), TOPIC)
    assert refused is not None
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_who_makes_topics_makes_no_others_and_grants_nothing(broker: SecureBroker) -> None:
    admin = AdminClient(broker.login("topics"))
    for name in ("dev.task.reminder", "staging.task.created"):
        [made] = admin.create_topics([NewTopic(name, 1, 1)]).values()
        with pytest.raises(KafkaException) as refused:
            made.result(SECONDS)
        assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    [granted] = admin.create_acls([everything_on(TOPIC, "todo-app-dev.topics")]).values()
    with pytest.raises(KafkaException) as refused:
        granted.result(SECONDS)
    assert refused.value.args[0].code() == KafkaError.CLUSTER_AUTHORIZATION_FAILED


def test_topics_are_made_and_set_again_by_their_own_user(broker: SecureBroker) -> None:
    admin = AdminClient(broker.login("topics"))
    assert create_topics(admin, with_dead_letters(), "dev.", 1) == []


def test_an_operator_reads_letters_and_sends_them_again(broker: SecureBroker) -> None:
    operator = broker.login("operator")
    assert sent(broker.login("analytics-service"), "dev.user.registered.dlq", b"letter") is None
    assert received(operator, "dev.user.registered.dlq", "dev.dead-letters") == b"letter"
    assert sent(operator, "dev.user.registered") is None
    assert isinstance(received(operator, TOPIC, "dev.dead-letters"), KafkaError)


def test_a_rebuild_keeps_its_place(broker: SecureBroker) -> None:
    consumer = Consumer(
        {**broker.login("analytics-service"), "group.id": "dev.analytics-service-rebuild"}
    )
    place = TopicPartition(TOPIC, 0, 0)
    consumer.commit(offsets=[place], asynchronous=False)
    assert consumer.committed([place], timeout=SECONDS)[0].offset == 0
    consumer.close()


def test_the_administrators_door_opens_to_no_certificate_of_another_authority(
    broker: SecureBroker, tmp_path: Path
) -> None:
    strange = issue(authority("somebody else", 1), broker_authority.ADMINISTRATOR, 1)
    (tmp_path / "ca.crt").write_text((broker.tls / "ca.crt").read_text())
    (tmp_path / "admin.crt").write_bytes(strange.certificate_pem)
    (tmp_path / "admin.key").write_bytes(strange.key_pem)
    with pytest.raises(Problem):
        Administration(f"127.0.0.1:{broker.admin}", tmp_path).users()


def administration(broker: SecureBroker) -> Administration:
    return Administration(f"127.0.0.1:{broker.admin}", broker.tls)


def test_the_job_changes_nothing_when_nothing_changed(broker: SecureBroker) -> None:
    assert broker.admit(plan(["dev", "staging"])).startswith(
        "14 users set, 0 removed; 0 rights added, 0 removed"
    )


def test_the_job_runs_as_its_pod_runs_it(broker: SecureBroker, tmp_path: Path) -> None:
    wanted = plan(["dev", "staging"])
    (tmp_path / "plan.json").write_text(json.dumps(wanted))
    for user in wanted["users"]:
        (tmp_path / user).write_text(broker.password(user))
    done = subprocess.run(
        [sys.executable, "-I", "-S", broker_access.__file__],
        env={
            "BROKER": f"127.0.0.1:{broker.admin}",
            "PLAN": str(tmp_path / "plan.json"),
            "AUTHORITY": str(broker.tls),
            "USERS": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"0 rights added, 0 removed, {len(wanted['rights'])} hold" in done.stdout
    assert not any(broker.password(user) in done.stdout for user in wanted["users"])


def test_the_job_takes_away_what_the_plan_does_not_name(broker: SecureBroker) -> None:
    stray = Right("todo-app-dev.task-service", "topic", TOPIC, "read")
    access = administration(broker)
    access.add([stray])
    access.set_users({"stray": "a-long-password"}, set())
    assert eventually(lambda: stray in access.rights(), SECONDS, 0.05)
    assert eventually(lambda: "stray" in access.users(), SECONDS, 0.05)
    told = broker.admit(plan(["dev", "staging"]))
    assert "1 removed; 0 rights added, 1 removed" in told
    # Here and below: the broker tells of a change a moment after it said that it made it.
    assert eventually(lambda: stray not in access.rights(), SECONDS, 0.05)
    assert eventually(lambda: "stray" not in access.users(), SECONDS, 0.05)
    access.close()


def test_a_right_of_a_kind_that_no_plan_has_is_taken_away_and_the_wanted_one_kept(
    broker: SecureBroker,
) -> None:
    user = "todo-app-dev.task-service"
    by_certificate = {
        "bootstrap.servers": f"127.0.0.1:{broker.admin}",
        "security.protocol": "SSL",
        "ssl.ca.location": str(broker.tls / "ca.crt"),
        "ssl.certificate.location": str(broker.tls / "admin.crt"),
        "ssl.key.location": str(broker.tls / "admin.key"),
    }
    admin = AdminClient(by_certificate)
    for made in admin.create_acls([everything_on(TOPIC, user)]).values():
        made.result(SECONDS)
    access = administration(broker)

    def unknown() -> bool:
        return any(right.resource == "?" for right in access.rights())

    assert eventually(unknown, SECONDS, 0.05)
    broker.admit(plan(["dev", "staging"]))
    assert eventually(lambda: not unknown(), SECONDS, 0.05)
    assert Right(user, "topic", TOPIC, "write") in access.rights()
    access.close()


def test_a_new_generation_of_passwords_shuts_out_the_old_one(broker: SecureBroker) -> None:
    staging = plan(["dev", "staging"])
    old = broker.login("api-gateway", "staging")
    open_since_before = AdminClient(old)
    open_since_before.list_topics(timeout=SECONDS)
    broker.admit(staging, generation=2)
    try:
        # What is connected goes on; what connects anew needs the new password.
        open_since_before.list_topics(timeout=SECONDS)
        assert "_AUTHENTICATION" in refusal(old)
        user = old["sasl.username"]
        new = old | {"sasl.password": broker.password(user, 2)}
        AdminClient(new).list_topics(timeout=SECONDS)
    finally:
        broker.admit(staging)

"""`ballast events dlq`: through the API server into a pod, from there to a real broker."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from broker import SecureBroker
from confluent_kafka import Producer
from pod_server import PodServer, pod
from typer.testing import CliRunner

from ballast.cli import app as ballast
from ballast.errors import BallastError
from ballast.events.cli import app
from ballast.events.service_pod import ModuleFailedError
from todo_shared.events.envelope import StoredEvent, encode, new_event
from todo_shared.events.payloads import TaskDeleted
from todo_shared.ids import uuid7


def run(*words: str) -> Any:
    """The result of `ballast events dlq <words>`."""
    return CliRunner().invoke(app, ["dlq", *words])


def fail(broker: SecureBroker, topic: str = "task.deleted") -> str:
    """Put one event of `topic` among the dead letters; its id."""
    data = TaskDeleted(task_id="t", user_id="ann", deleted_at=datetime.now(UTC))
    new = new_event(uuid7(), data, datetime.now(UTC))
    stored = StoredEvent(1, new.id, new.topic, new.key, 1, new.time, new.data, "", "")
    producer = Producer(broker.login("analytics-service"))
    producer.produce(f"dev.{topic}.dlq", encode(stored, "task-service"), "ann")
    assert producer.flush(60) == 0
    return str(new.id)


def test_a_letter_is_listed_shown_and_replayed(cluster: PodServer, broker: SecureBroker) -> None:
    name = fail(broker)
    listed = json.loads(run("list", "--json").stdout)["letters"]
    assert [each["event_id"] for each in listed] == [name]
    assert name in run("list", "--topic", "task.deleted").stdout
    assert run("list", "--topic", "task.created").stdout == "no dead letters\n"
    assert '"task_id": "t"' in run("show", name).stdout
    assert "1 would be replayed" in run("replay", "--all", "--dry-run").stdout
    done = run("replay", name)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "1 replayed")
    assert run("list").stdout == "no dead letters\n"
    assert json.loads(run("list", "--replayed", "--json").stdout)["letters"][0]["replayed"] is True
    assert cluster.asked[-1] == "/api/v1/namespaces/todo-app-dev/pods/task-service-1/exec"


def test_one_topic_is_replayed_alone(cluster: PodServer, broker: SecureBroker) -> None:
    fail(broker)
    assert run("replay", "--topic", "task.created").stdout == "0 replayed\n"
    assert run("replay", "--topic", "task.deleted").stdout.endswith("1 replayed\n")


def test_an_unknown_letter_is_refused_in_its_own_words(cluster: PodServer) -> None:
    refused = run("replay", "nobody").exception
    assert isinstance(refused, ModuleFailedError)
    assert str(refused) == "no dead letter is called nobody; `list` shows those there are"


def test_an_unknown_topic_is_refused_with_the_known_ones(cluster: PodServer) -> None:
    refused = run("list", "--topic", "task.reminder").exception
    assert isinstance(refused, ModuleFailedError)
    assert "task.created" in str(refused)
    assert refused.fix == "the command with --help"


def test_an_environment_has_its_own_namespace_and_login(cluster: PodServer) -> None:
    login = cluster.secrets["broker-users"]
    login["todo-app-staging.operator"] = login["todo-app-dev.operator"]
    run("list", "--environment", "staging")
    assert cluster.asked[-1].startswith("/api/v1/namespaces/todo-app-staging/")


def test_an_environment_without_a_login_is_refused_before_any_pod_is_asked(
    cluster: PodServer,
) -> None:
    refused = run("list", "--environment", "staging").exception
    assert isinstance(refused, BallastError)
    assert "has no login of todo-app-staging.operator" in str(refused)
    assert not any(path.endswith("/exec") for path in cluster.asked)


def test_the_login_stands_in_no_request_and_no_command(cluster: PodServer) -> None:
    seen: list[str] = []
    cluster.heard = seen.append
    run("list")
    assert any("--login-from-stdin" in target for target in seen)
    password = cluster.secrets["broker-users"]["todo-app-dev.operator"]
    assert not any(password in target for target in seen)


def test_a_login_that_is_no_longer_valid_reads_nothing(cluster: PodServer) -> None:
    cluster.secrets["broker-users"]["todo-app-dev.operator"] = "of another generation"
    cluster.environment["WAIT_SECONDS"] = "5"
    refused = run("list").exception
    assert isinstance(refused, ModuleFailedError)
    assert str(refused).startswith("the broker at ")


@pytest.mark.parametrize("words", [[], ["x", "--all"], ["--all", "--topic", "task.created"]])
def test_replay_wants_to_know_what_exactly(words: list[str]) -> None:
    done = run("replay", *words)
    assert done.exit_code == 2
    assert "name one ID" in done.stderr


def test_only_a_ready_pod_that_stays_is_asked(cluster: PodServer) -> None:
    cluster.pods = [
        pod("task-service-0", ready=False),
        pod("task-service-1", ready=True, leaving=True),
    ]
    refused = run("list").exception
    assert isinstance(refused, BallastError)
    assert str(refused) == "no pod of task-service is ready in todo-app-dev"
    cluster.pods.append(pod("task-service-2", ready=True))
    assert run("list").exit_code == 0
    assert "/pods/task-service-2/" in cluster.asked[-1]


def test_a_stream_that_breaks_says_that_nothing_is_lost(cluster: PodServer) -> None:
    cluster.cut_off = True
    broken = run("replay", "--all").exception
    assert isinstance(broken, ModuleFailedError)
    assert "ended without a result" in str(broken)
    assert "what was done is recorded" in broken.fix


def test_an_older_release_is_recognised(cluster: PodServer, tmp_path: Path) -> None:
    (tmp_path / "todo_shared").mkdir()
    (tmp_path / "todo_shared" / "__init__.py").touch()
    cluster.environment["PYTHONPATH"] = str(tmp_path)
    refused = run("list").exception
    assert isinstance(refused, ModuleFailedError)
    assert "has no todo_shared.dead_letters yet" in str(refused)


def test_a_broker_that_is_away_is_told_as_the_module_tells_it(cluster: PodServer) -> None:
    cluster.environment |= {"KAFKA_BROKERS": "127.0.0.1:9", "WAIT_SECONDS": "1"}
    refused = run("list").exception
    assert str(refused).startswith("the broker at 127.0.0.1:9: ")


def test_unknown_environments_and_a_missing_platform_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path))
    assert str(run("list", "-e", "mars").exception) == "mars is no environment"
    assert "the platform is not up" in str(run("list").exception)


def test_help_teaches_what_to_do() -> None:
    told = CliRunner().invoke(ballast, ["events", "dlq", "--help"]).stdout
    for word in ("seven days", "list", "show ID", "Remove the cause", "replay ID", "at least once"):
        assert word in told

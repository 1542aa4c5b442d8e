"""Who may do what on the broker follows from the declared topics and subscriptions alone."""

from pathlib import Path

import pytest
import yaml

from ballast import names
from ballast.agents.broker_access import OPERATIONS, RESOURCES
from ballast.components import broker_rights
from ballast.components.broker_rights import SUBSCRIPTIONS, TOPICS, plan, rights
from ballast.errors import BallastError
from ballast.paths import repository_root


def of(user: str, environment: str = "dev") -> set[tuple[str, str, str]]:
    """Resource, name and operation of one user's rights."""
    name = names.broker_user(user, environment)
    return {tuple(each[1:]) for each in rights(environment) if each[0] == name}


def test_a_service_that_only_publishes_writes_its_own_topics_and_nothing_else() -> None:
    assert of("api-gateway") == {
        ("topic", "dev.user.registered", "write"),
        ("topic", "dev.user.authenticated", "write"),
    }


def test_a_consumer_reads_its_topics_in_its_own_group_and_leaves_dead_letters() -> None:
    topics = ("task.created", "reminder.triggered", "reminder.canceled", "user.registered")
    assert of("notification-service") == {
        *(("topic", f"dev.{topic}", "read") for topic in topics),
        *(("topic", f"dev.{topic}.dlq", "write") for topic in topics),
        ("group", "todo-app-dev.notification-service", "read"),
        ("group", "dev.notification-service-rebuild", "read"),
    }


def test_who_makes_topics_reads_and_writes_none() -> None:
    assert {operation for _, _, operation in of("topics")} == {
        "create",
        "describe",
        "alter-configs",
    }


def test_operators_read_dead_letters_and_write_where_they_came_from() -> None:
    for _, name, operation in of("operator"):
        read = name.endswith((".dlq", "dead-letters"))
        assert operation == ("read" if read else "write")


def test_every_topic_has_one_writer_beside_the_operators() -> None:
    operator = names.broker_user("operator", "dev")
    for topic in yaml.safe_load((repository_root() / TOPICS).read_text())["topics"]:
        wanted = ("topic", f"dev.{topic['name']}", "write")
        writers = {each[0] for each in rights("dev") if each[1:] == wanted} - {operator}
        assert writers == {names.broker_user(topic["publisher"], "dev")}


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_no_right_reaches_into_another_environment(environment: str) -> None:
    own = (f"{environment}.", f"{names.ENVIRONMENT_NAMESPACES[environment]}.")
    for user, _, name, _ in rights(environment):
        assert user.startswith(own[1])
        assert name.startswith(own)


def test_production_has_no_prefix() -> None:
    assert ("topic", "task.created", "write") in of("task-service", "prod")


def test_the_job_knows_every_word_of_the_plan() -> None:
    made = plan(["dev", "staging"])
    assert {each[1] for each in made["rights"]} <= RESOURCES.keys()
    assert {each[3] for each in made["rights"]} <= OPERATIONS.keys()
    assert {each[0] for each in made["rights"]} == set(made["users"])


@pytest.mark.parametrize(
    ("topics", "subscriptions", "reason"),
    [
        # A service that does not exist would have rights that nobody watches.
        ("{name: a.made, publisher: nobody}", "{topic: a.made, consumers: []}", "publisher"),
        ("{name: a.made, publisher: task-service}", "{topic: a.made, consumers: [x]}", "consumers"),
        # A misspelt topic would be read in vain.
        ("{name: a.made, publisher: task-service}", "{topic: b.made, consumers: []}", "b.made"),
        # A topic without a publisher could be written by nobody.
        ("{name: a.made}", "{topic: a.made, consumers: []}", "publisher"),
    ],
)
def test_a_declaration_that_names_nobody_is_refused(
    topics: str,
    subscriptions: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {TOPICS: f"defaults: {{}}\ntopics: [{topics}]\n", SUBSCRIPTIONS: f"[{subscriptions}]\n"}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(broker_rights, "repository_root", lambda: tmp_path)

    with pytest.raises(BallastError, match=reason) as refused:
        rights("dev")

    assert refused.value.fix

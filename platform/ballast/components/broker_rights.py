"""Who may do what on the broker: computed from the declared topics and subscriptions."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ballast import names
from ballast.errors import BallastError
from ballast.paths import repository_root

TOPICS: Final = "apps/shared/todo_shared/topics.yaml"
SUBSCRIPTIONS: Final = "gitops/charts/todo-umbrella/bindings/subscriptions.yaml"

# Every environment has these users, named by `names.broker_user`.
USERS: Final = (*names.SERVICES, names.TOPICS_USER, names.OPERATOR_USER)
_App = Annotated[str, Field(pattern=f"^({'|'.join(names.SERVICES)})$")]
# User, kind of resource, its name, operation: what `ballast.agents.broker_access.Right` reads.
Right = tuple[str, str, str, str]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Topic(_Document):
    name: str
    publisher: _App


class _Topics(_Document):
    defaults: dict[str, int]
    topics: tuple[_Topic, ...]


class _Subscription(_Document):
    topic: str
    consumers: tuple[_App, ...]


class _Subscriptions(_Document):
    entries: tuple[_Subscription, ...]


def plan(environments: Sequence[str]) -> dict[str, Any]:
    """Users and rights of all environments, as `ballast.agents.broker_access.Plan` reads them.

    Raises BallastError when a declaration names an unknown service or topic.
    """
    return {
        "users": [
            names.broker_user(name, environment) for environment in environments for name in USERS
        ],
        "rights": [right for environment in environments for right in rights(environment)],
    }


def rights(environment: str) -> list[Right]:
    """The rights of one environment, in a fixed order and each once."""
    topics, subscriptions = _declared()
    return sorted({*_services(environment, topics, subscriptions), *_staff(environment, topics)})


def _services(
    environment: str, topics: Sequence[_Topic], subscriptions: Sequence[_Subscription]
) -> Iterator[Right]:
    prefix = names.topic_prefix(environment)
    for topic in topics:
        user = names.broker_user(topic.publisher, environment)
        yield user, "topic", prefix + topic.name, "write"
    for subscription in subscriptions:
        topic = prefix + subscription.topic
        for app in subscription.consumers:
            user = names.broker_user(app, environment)
            yield user, "topic", topic, "read"
            yield user, "topic", f"{topic}.dlq", "write"
            yield user, "group", user, "read"
            # A rebuild keeps its place under a name of its own.
            yield user, "group", f"{prefix}{app}-rebuild", "read"


def _staff(environment: str, topics: Sequence[_Topic]) -> Iterator[Right]:
    """Those who make topics and may not read them, and those who repair dead letters."""
    prefix = names.topic_prefix(environment)
    maker = names.broker_user(names.TOPICS_USER, environment)
    operator = names.broker_user(names.OPERATOR_USER, environment)
    for topic in topics:
        name = prefix + topic.name
        for each in (name, f"{name}.dlq"):
            for operation in ("create", "describe", "alter-configs"):
                yield maker, "topic", each, operation
        yield operator, "topic", f"{name}.dlq", "read"
        yield operator, "topic", name, "write"
    yield operator, "group", f"{prefix}dead-letters", "read"


def _declared() -> tuple[tuple[_Topic, ...], tuple[_Subscription, ...]]:
    root = repository_root()
    try:
        topics = _Topics.model_validate(yaml.safe_load((root / TOPICS).read_text())).topics
        entries = yaml.safe_load((root / SUBSCRIPTIONS).read_text())
        subscriptions = _Subscriptions.model_validate({"entries": entries}).entries
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BallastError(
            f"the declared topics are not usable: {where}: {first['msg']}",
            fix=f"correct {TOPICS} or {SUBSCRIPTIONS}; services are {', '.join(names.SERVICES)}",
        ) from error
    unknown = {each.topic for each in subscriptions} - {topic.name for topic in topics}
    if unknown:
        raise BallastError(
            f"{SUBSCRIPTIONS} reads {', '.join(sorted(unknown))}, which nobody declared",
            fix=f"declare it in {TOPICS}, or take it away there",
        )
    return topics, subscriptions

"""`python -m todo_shared.topics`: make every topic and register every schema, again and again.

Run before the services start. It waits for broker and registry, creates what is missing, and fails
when a topic exists with another number of partitions, for that would break the order per user.
"""

# pyright: reportPrivateImportUsage=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import logging
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from importlib.resources import files
from typing import Annotated, Final

import yaml
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)
from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from todo_shared.broker import BrokerSettings
from todo_shared.registry import SchemaRegistry
from todo_shared.retry import retrying
from todo_shared.telemetry.logs import configure_logging

_log = logging.getLogger(__name__)
_DAY_MS: Final = 86_400_000
_CALL_SECONDS: Final = 10.0


class TopicMismatchError(Exception):
    """A topic exists in a shape that cannot be changed without breaking order per user."""


class Topic(BaseModel):
    """One declared topic, without the prefix of an environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*\.[a-z]+(\.dlq)?$")]
    publisher: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")]
    partitions: Annotated[int, Field(gt=0)]
    retention_days: Annotated[int, Field(gt=0)]

    @property
    def dead_letters(self) -> "Topic":
        """Where events go whose handling failed for good: same partitions, so same order."""
        return self.model_copy(update={"name": f"{self.name}.dlq"})


class TopicSettings(BrokerSettings):
    """Where broker and registry are, and the environment's prefix."""

    environment: str = "local"
    log_level: str = "INFO"
    schema_registry_url: HttpUrl | None = None
    topic_prefix: str = ""
    topic_replication: Annotated[int, Field(gt=0)] = 1
    wait_seconds: Annotated[float, Field(gt=0)] = 300.0


def declared() -> tuple[Topic, ...]:
    """The topics of topics.yaml."""
    document = yaml.safe_load((files("todo_shared") / "topics.yaml").read_text())
    return tuple(Topic.model_validate(document["defaults"] | entry) for entry in document["topics"])


def with_dead_letters() -> tuple[Topic, ...]:
    """Every topic that must exist on the broker."""
    return tuple(each for topic in declared() for each in (topic, topic.dead_letters))


def create_topics(
    admin: AdminClient, topics: tuple[Topic, ...], prefix: str, replication: int
) -> list[str]:
    """Create the missing topics, set the retention of the others; returns the names created.

    Raises TopicMismatchError, and KafkaException while the broker is away.
    """
    present = admin.list_topics(timeout=_CALL_SECONDS).topics
    for topic in topics:
        found = present.get(prefix + topic.name)
        if found is not None and len(found.partitions) != topic.partitions:
            raise TopicMismatchError(
                f"{prefix}{topic.name} has {len(found.partitions)} partitions, declared are "
                f"{topic.partitions}; drain it and recreate it, never add partitions in place"
            )
    missing = [topic for topic in topics if prefix + topic.name not in present]
    for name, made in _create(admin, missing, prefix, replication).items():
        _ignore_existing(name, made)
    known = tuple(topic for topic in topics if topic not in missing)
    for resource in _retention(known, prefix):
        for done in admin.incremental_alter_configs([resource]).values():
            done.result(_CALL_SECONDS)
    return [prefix + topic.name for topic in missing]


def _create(
    admin: AdminClient, topics: list[Topic], prefix: str, replication: int
) -> Mapping[str, Future[None]]:
    if not topics:
        return {}
    return admin.create_topics(
        [
            NewTopic(
                prefix + topic.name,
                topic.partitions,
                replication,
                config={"retention.ms": str(topic.retention_days * _DAY_MS)},
            )
            for topic in topics
        ],
        operation_timeout=_CALL_SECONDS,
    )


def _ignore_existing(name: str, made: Future[None]) -> None:
    try:
        made.result(_CALL_SECONDS)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
        _log.info("topic %s was created by somebody else meanwhile", name)


def _retention(topics: tuple[Topic, ...], prefix: str) -> list[ConfigResource]:
    return [
        ConfigResource(
            ConfigResource.Type.TOPIC,
            prefix + topic.name,
            incremental_configs=[
                ConfigEntry(
                    "retention.ms",
                    str(topic.retention_days * _DAY_MS),
                    incremental_operation=AlterConfigOpType.SET,
                )
            ],
        )
        for topic in topics
    ]


def main() -> None:
    """Entry of the job: exit code 0 when topics and schemas are as declared."""
    settings = TopicSettings.from_environment()
    configure_logging("topics", settings.environment, settings.log_level)
    admin = AdminClient({**settings.connection().options(), "log.queue": False})
    prefix = settings.topic_prefix
    created = retrying(
        lambda: create_topics(admin, with_dead_letters(), prefix, settings.topic_replication),
        on=(KafkaException,),
        seconds=settings.wait_seconds,
        what=f"the broker at {settings.kafka_brokers}",
    )
    _log.info("topics are as declared", extra={"topics_created": created})
    if settings.schema_registry_url is None:
        _log.info("SCHEMA_REGISTRY_URL is not set: schemas are checked by the services only")
        return
    registry = SchemaRegistry(str(settings.schema_registry_url))
    registered = retrying(
        lambda: {topic.name: registry.register(prefix, topic.name) for topic in declared()},
        on=(OSError,),
        seconds=settings.wait_seconds,
        what=f"the schema registry at {settings.schema_registry_url}",
    )
    _log.info("schemas are registered", extra={"schema_ids": registered})


if __name__ == "__main__":
    try:
        main()
    except Exception:
        _log.exception("topics and schemas could not be brought to their declared state")
        sys.exit(1)

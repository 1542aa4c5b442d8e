"""Schemas: each topic has one, published versions never change, all versions fit each other."""

import hashlib
import json
from itertools import permutations
from pathlib import Path

import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse

from todo_shared.events.payloads import TOPIC_OF, event_type
from todo_shared.events.schemas import schema_folder, versions
from todo_shared.topics import declared, with_dead_letters

TOPICS = [topic.name for topic in declared()]
PUBLISHED = Path(__file__).with_name("published_schemas.json")


def _compatible(reader: str, writer: str) -> bool:
    checker = ReaderWriterCompatibilityChecker()
    result = checker.get_compatibility(parse(reader), parse(writer))
    return result.compatibility is SchemaCompatibilityType.compatible


@pytest.mark.parametrize("topic", TOPICS)
def test_every_version_reads_every_other(topic: str) -> None:
    for reader, writer in permutations(versions(topic), 2):
        assert _compatible(reader, writer), f"{topic}: a version cannot read another one"


def test_the_check_finds_a_breaking_change() -> None:
    schema = json.loads(versions("task.created")[-1])
    schema["fields"].append({"name": "owner", "type": "string"})
    assert not _compatible(json.dumps(schema), versions("task.created")[-1])


def test_a_published_version_never_changes() -> None:
    found = {
        entry.name: hashlib.sha256(
            json.dumps(json.loads(entry.read_text()), sort_keys=True).encode()
        ).hexdigest()
        for entry in schema_folder().iterdir()
        if entry.name.endswith(".avsc")
    }
    assert found == json.loads(PUBLISHED.read_text()), (
        "add a new version beside a published schema, and its hash to published_schemas.json"
    )


def test_topics_schemas_and_payloads_name_the_same_things() -> None:
    named = {entry.name.rsplit(".", 2)[0] for entry in schema_folder().iterdir()}
    assert named == set(TOPICS) == set(TOPIC_OF.values())


@pytest.mark.parametrize("payload", TOPIC_OF)
def test_the_payload_has_the_fields_of_its_schema(payload: type) -> None:
    schema = json.loads(versions(TOPIC_OF[payload])[-1])
    assert [field["name"] for field in schema["fields"]] == sorted(
        payload.model_fields, key=[field["name"] for field in schema["fields"]].index
    )
    required = {field["name"] for field in schema["fields"] if "default" not in field}
    assert required == {n for n, f in payload.model_fields.items() if f.is_required()}


def test_every_topic_has_its_dead_letters_and_the_agreed_shape() -> None:
    names = [topic.name for topic in with_dead_letters()]
    assert names == [name for topic in TOPICS for name in (topic, f"{topic}.dlq")]
    assert {(t.partitions, t.retention_days) for t in with_dead_letters()} == {(6, 7)}


def test_the_old_name_of_reminders_does_not_come_back() -> None:
    assert "task.reminder" not in TOPICS


def test_each_event_has_a_type_of_its_own() -> None:
    assert event_type("task.created") == "com.todo.task.created.v1"
    assert len({event_type(topic) for topic in TOPICS}) == len(TOPICS)

"""Schemas: each topic has one, published versions never change, all versions fit each other."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker
from avro.schema import parse

from todo_shared.events.payloads import TOPIC_OF, event_type
from todo_shared.events.schemas import schema_folder, versions
from todo_shared.topics import declared, with_dead_letters

TOPICS = [topic.name for topic in declared()]
PUBLISHED = Path(__file__).with_name("published_schemas.json")
BREAKING = sorted((Path(__file__).parent / "breaking_schemas").glob("*.avsc"))


def _incompatibilities(pairs: Iterator[tuple[str, str]]) -> set[str]:
    """Why a reader cannot read a writer, over all pairs of (reader, writer)."""
    found: set[str] = set()
    for reader, writer in pairs:
        result = ReaderWriterCompatibilityChecker().get_compatibility(parse(reader), parse(writer))
        found |= {reason.name for reason in result.incompatibilities}
    return found


def _against(new: str, stored: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in stored:
        yield new, text
        yield text, new


@pytest.mark.parametrize("topic", TOPICS)
def test_every_version_reads_every_other(topic: str) -> None:
    assert _incompatibilities(permutations(versions(topic), 2)) == set()


@pytest.mark.parametrize("file", BREAKING, ids=lambda file: file.stem)
def test_a_breaking_change_is_found_for_its_reason(file: Path) -> None:
    next_version = json.loads(file.read_text())
    found = _incompatibilities(_against(file.read_text(), versions(next_version["topic"])))
    assert found == {next_version["breaks"]}


def test_some_breaking_changes_are_seen_only_by_the_oldest_version() -> None:
    change = (Path(__file__).parent / "breaking_schemas" / "default-removed.avsc").read_text()
    oldest, newest = versions("task.created")
    assert _incompatibilities(_against(change, [newest])) == set()
    assert _incompatibilities(_against(change, [oldest])) != set()


def test_an_added_field_that_may_be_missing_breaks_nothing() -> None:
    for topic in TOPICS:
        schema = json.loads(versions(topic)[-1])
        schema["fields"].append({"name": "mood", "type": ["null", "string"], "default": None})
        assert _incompatibilities(_against(json.dumps(schema), versions(topic))) == set()


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


@pytest.mark.parametrize("payload", TOPIC_OF)
def test_every_event_names_its_user_who_is_its_key(payload: type) -> None:
    assert payload.model_fields["user_id"].annotation is str


def test_the_ten_topics_are_the_agreed_ones() -> None:
    assert sorted(TOPICS) == [
        "recurring-task.created",
        "recurring-task.updated",
        "reminder.canceled",
        "reminder.triggered",
        "task.completed",
        "task.created",
        "task.deleted",
        "task.updated",
        "user.authenticated",
        "user.registered",
    ]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_an_entity_and_what_happened_to_it(topic: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*\.[a-z]+ed", topic)


def test_every_topic_has_its_dead_letters_and_the_agreed_shape() -> None:
    names = [topic.name for topic in with_dead_letters()]
    assert names == [name for topic in TOPICS for name in (topic, f"{topic}.dlq")]
    assert {(t.partitions, t.retention_days) for t in with_dead_letters()} == {(6, 7)}


def test_the_old_name_of_reminders_does_not_come_back() -> None:
    assert not [topic for topic in with_dead_letters() if topic.name.startswith("task.reminder")]
    assert not [entry for entry in schema_folder().iterdir() if "task.reminder" in entry.name]


def test_no_identity_event_tells_an_address_or_a_token() -> None:
    for topic in ("user.registered", "user.authenticated"):
        fields = {field["name"] for field in json.loads(versions(topic)[-1])["fields"]}
        assert fields in ({"user_id", "registered_at"}, {"user_id", "authenticated_at"})


def test_each_event_has_a_type_of_its_own() -> None:
    assert event_type("task.created") == "com.todo.task.created.v1"
    assert len({event_type(topic) for topic in TOPICS}) == len(TOPICS)

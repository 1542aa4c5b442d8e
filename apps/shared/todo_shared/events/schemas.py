"""The Avro schemas of the events: one folder, one file a version, `<topic>.<version>.avsc`.

Avro is the contract; the data travels as JSON and is checked against it on both sides. JSON was
chosen over Avro bytes in `data_base64` because the envelope then says `application/json` as
promised, a dead letter can be read by eye, and no consumer needs the registry to decode: the writer
says which schema it used in `dataschema`, and the reader's own schema fills what is missing.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, cast

from fastavro import parse_schema
from fastavro.schema import fingerprint, to_parsing_canonical_form
from fastavro.validation import ValidationError, validate


class SchemaMismatchError(Exception):
    """Event data does not match the schema of its topic; the message names topic and field."""


def schema_folder() -> Traversable:
    """The folder that holds every version of every schema."""
    return files("todo_shared") / "schemas"


@cache
def versions(topic: str) -> tuple[str, ...]:
    """The text of each schema version of `topic`, oldest first; KeyError when there is none."""
    found = {
        int(entry.name.removeprefix(f"{topic}.").removesuffix(".avsc")): entry.read_text()
        for entry in schema_folder().iterdir()
        if entry.name.startswith(f"{topic}.") and entry.name.endswith(".avsc")
    }
    if sorted(found) != list(range(1, len(found) + 1)) or not found:
        raise KeyError(f"{topic}: schema versions must be 1, 2, 3 …, found {sorted(found)}")
    return tuple(found[version] for version in sorted(found))


@cache
def parsed(topic: str) -> Any:
    """The newest schema of `topic`, ready for checks."""
    return parse_schema(json.loads(versions(topic)[-1]))


@cache
def schema_reference(topic: str) -> str:
    """The `dataschema` of events in `topic`: topic, version and the schema's Rabin fingerprint."""
    newest = versions(topic)
    mark = fingerprint(to_parsing_canonical_form(json.loads(newest[-1])), "CRC-64-AVRO")
    return f"urn:todo:schema:{topic}:{len(newest)}:{mark}"


def check_data(topic: str, data: Mapping[str, object], *, writing: bool) -> None:
    """Raise SchemaMismatchError unless `data` matches the schema of `topic`.

    A writer may send only declared fields; a reader ignores what a newer writer added.
    """
    schema = parsed(topic)
    undeclared = sorted(_undeclared(schema, data)) if writing else []
    if undeclared:
        raise SchemaMismatchError(f"{topic}: the schema declares no {undeclared}")
    try:
        validate(data, schema)
    except (ValidationError, ValueError) as error:
        raise SchemaMismatchError(f"{topic}: {error}") from error


def _undeclared(schema: Any, data: object) -> Iterator[str]:
    """The paths of the fields in `data` that a record of `schema` does not have."""
    if not isinstance(schema, dict) or not isinstance(data, Mapping):
        return
    fields = cast(dict[str, Any], schema).get("fields", ())
    known = {field["name"]: field["type"] for field in fields}
    for name, value in cast(Mapping[str, object], data).items():
        if name not in known:
            yield name
        else:
            yield from (f"{name}.{inner}" for inner in _undeclared(known[name], value))

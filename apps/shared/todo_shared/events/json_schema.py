"""JSON Schema of the event data, derived from Avro, for readers that do not know Avro."""

import json
from typing import Any, Final, cast

from todo_shared.events.schemas import versions

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PRIMITIVES: Final[dict[str, dict[str, Any]]] = {
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "long": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "string": {"type": "string"},
}


class InexpressibleSchemaError(ValueError):
    """An Avro type has no form in the JSON that events travel as."""


def json_schema(topic: str) -> dict[str, Any]:
    """The newest schema of `topic` in JSON Schema; fields that it does not name are allowed.

    Raises KeyError for an unknown topic, InexpressibleSchemaError.
    """
    known = versions(topic)
    head = {"$schema": DIALECT, "$id": f"urn:todo:schema:{topic}:{len(known)}"}
    return head | converted(json.loads(known[-1]))


def converted(avro: object) -> dict[str, Any]:
    """One Avro type in JSON Schema; raises InexpressibleSchemaError."""
    if isinstance(avro, list):
        return _union(cast(list[object], avro))
    if isinstance(avro, dict):
        return _complex(cast(dict[str, Any], avro))
    try:
        return dict(_PRIMITIVES[str(avro)])
    except KeyError as error:
        raise InexpressibleSchemaError(f"{avro} has no form in JSON Schema") from error


def _union(branches: list[object]) -> dict[str, Any]:
    found = [converted(branch) for branch in branches]
    if all(set(branch) == {"type"} for branch in found):
        return {"type": [branch["type"] for branch in found]}
    return {"anyOf": found}


def _complex(avro: dict[str, Any]) -> dict[str, Any]:
    kind = avro["type"]
    if kind == "record":
        return _record(avro)
    if kind == "enum":
        return {"type": "string", "title": avro["name"], "enum": avro["symbols"]}
    if kind == "array":
        return {"type": "array", "items": converted(avro["items"])}
    if kind == "map":
        return {"type": "object", "additionalProperties": converted(avro["values"])}
    return converted(kind)


def _record(avro: dict[str, Any]) -> dict[str, Any]:
    fields: list[dict[str, Any]] = avro["fields"]
    about = {"description": avro["doc"]} if "doc" in avro else {}
    return {
        "title": avro["name"],
        **about,
        "type": "object",
        "properties": {field["name"]: _field(field) for field in fields},
        "required": [field["name"] for field in fields if "default" not in field],
    }


def _field(field: dict[str, Any]) -> dict[str, Any]:
    schema = converted(field["type"])
    if "doc" in field:
        schema["description"] = field["doc"]
    if "default" in field:
        schema["default"] = field["default"]
    return schema

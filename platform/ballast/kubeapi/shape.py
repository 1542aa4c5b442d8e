"""Reading JSON whose shape only the API server knows."""

from typing import Any, cast

Json = dict[str, Any]


def mapping(value: object) -> Json:
    """The value when it is a mapping, else an empty one: absent parts read as empty."""
    return cast("Json", value) if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def mappings(value: object) -> list[Json]:
    """The mappings of a list."""
    return [mapping(item) for item in sequence(value)]

"""Pulumi property values: how secrets, unknowns, outputs and references travel, and plain JSON.

Inside the provider a property bag is a plain dict; values that JSON has no word for are dicts that
carry SIGNATURE, exactly as on the wire, so nothing is lost between two calls.
"""

import math
from typing import Any, cast

from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value

from ballast.kubeapi.shape import Json, mapping, sequence

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker of the wire format
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

_EXACT = 2**53


def decode(bag: Struct) -> Json:
    """A property bag of the wire as a dict."""
    return {name: _decode(value) for name, value in bag.fields.items()}


def encode(bag: Json) -> Struct:
    """A dict as a property bag of the wire; TypeError names a value that has no wire form."""
    struct = Struct()
    for name, value in bag.items():
        _encode(value, struct.fields[name])
    return struct


def _decode(value: Value) -> Any:  # noqa: PLR0911
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "struct_value":
            return decode(value.struct_value)
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            # The wire knows doubles only, and Kubernetes refuses 80.0 for a port.
            if math.isfinite(number) and number.is_integer() and abs(number) <= _EXACT:
                return int(number)
            return number
        case _:
            return None


def _encode(value: object, slot: Value) -> None:
    match value:
        case None:
            slot.null_value = NULL_VALUE
        case bool():
            slot.bool_value = value
        case int() | float():
            slot.number_value = float(value)
        case str():
            slot.string_value = value
        case dict():
            target = slot.struct_value
            target.SetInParent()
            for name, item in cast("Json", value).items():
                _encode(item, target.fields[name])
        case list() | tuple():
            items: ListValue = slot.list_value
            items.SetInParent()
            for item in cast("list[object]", value):
                _encode(item, items.values.add())
        case _:
            raise TypeError(f"{type(value).__name__} has no Pulumi property form")


def signature(value: object) -> str | None:
    """The kind of special value this is, or None for plain JSON."""
    found = mapping(value).get(SIGNATURE)
    return found if isinstance(found, str) else None


def secret(value: object) -> Json:
    """The value marked secret; a secret stays as it is."""
    if signature(value) == SECRET:
        return mapping(value)
    return {SIGNATURE: SECRET, "value": value}


def plain(value: object) -> Any:
    """The value without secret, output and reference wrappers, and without nulls in mappings."""
    kind = signature(value)
    if kind == SECRET:
        return plain(mapping(value).get("value"))
    if kind == OUTPUT:
        known = mapping(value)
        return plain(known["value"]) if "value" in known else UNKNOWN
    if kind == REFERENCE:
        return mapping(value).get("id") or mapping(value).get("urn")
    if isinstance(value, dict):
        bag = mapping(cast("object", value))
        known_items = {name: plain(item) for name, item in bag.items()}
        return {name: item for name, item in known_items.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in sequence(cast("object", value))]
    return value


def plain_bag(bag: Json) -> Json:
    """`plain` of a whole property bag."""
    return mapping(plain(bag))


def has_unknown(value: object) -> bool:
    """Whether any part of the value is decided only later in the run."""
    if isinstance(value, dict):
        if signature(cast("object", value)) == OUTPUT and "value" not in value:
            return True
        return any(has_unknown(item) for item in mapping(cast("object", value)).values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in sequence(cast("object", value)))
    return value == UNKNOWN


def contains_secret(value: object) -> bool:
    """Whether any part of the value is marked secret."""
    if signature(value) == SECRET:
        return True
    if isinstance(value, dict):
        return any(contains_secret(item) for item in mapping(cast("object", value)).values())
    return any(contains_secret(item) for item in sequence(value))


def mask(output: object, like: object) -> Any:
    """The output with every part marked secret that is secret at the same place in `like`."""
    if signature(like) == SECRET:
        return secret(output)
    if isinstance(output, dict) and isinstance(like, dict):
        bag, guide = mapping(cast("object", output)), mapping(cast("object", like))
        return {
            name: mask(item, guide[name]) if name in guide else item for name, item in bag.items()
        }
    if isinstance(output, list) and isinstance(like, list):
        items, guides = sequence(cast("object", output)), sequence(cast("object", like))
        if len(items) != len(guides) and contains_secret(cast("object", like)):
            # Places no longer match, so no element can be trusted to be public.
            return secret(items)
        return [
            mask(item, guides[at]) if at < len(guides) else item for at, item in enumerate(items)
        ]
    return cast("Any", output)

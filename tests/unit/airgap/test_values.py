"""Property values keep their meaning over the wire."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.airgap.values import (
    OUTPUT,
    REFERENCE,
    SIGNATURE,
    UNKNOWN,
    contains_secret,
    decode,
    encode,
    has_unknown,
    mask,
    plain,
    secret,
)

QUICK = settings(deadline=None, max_examples=40)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
KEYS = st.text().filter(lambda key: key != SIGNATURE)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4) | inner.map(secret)
    ),
    max_leaves=20,
)
BAGS = st.dictionaries(KEYS, VALUES, max_size=5)


@QUICK
@given(BAGS)
def test_a_bag_survives_the_wire(bag: dict[str, Any]) -> None:
    assert decode(encode(bag)) == bag


@QUICK
@given(BAGS)
def test_plain_removes_every_secret_marker(bag: dict[str, Any]) -> None:
    assert not contains_secret(plain(bag))


@QUICK
@given(BAGS)
def test_masking_with_itself_keeps_the_plain_value(bag: dict[str, Any]) -> None:
    assert plain(mask(plain(bag), bag)) == plain(bag)


@QUICK
@given(VALUES)
def test_marking_twice_is_marking_once(value: object) -> None:
    assert secret(secret(value)) == secret(value)


def test_whole_numbers_become_integers() -> None:
    port = decode(encode({"port": 80}))["port"]
    assert (port, type(port)) == (80, int)


def test_a_value_without_wire_form_is_named() -> None:
    with pytest.raises(TypeError, match="bytes"):
        encode({"a": b"raw"})


def test_an_output_without_value_is_unknown() -> None:
    assert plain({SIGNATURE: OUTPUT}) == UNKNOWN
    assert has_unknown({"deep": [{"er": {SIGNATURE: OUTPUT}}]})


def test_a_resource_reference_reads_as_its_id() -> None:
    assert plain({SIGNATURE: REFERENCE, "id": "ns/name", "urn": "urn:x"}) == "ns/name"


def test_nulls_vanish_from_mappings_and_stay_in_lists() -> None:
    assert plain({"a": None, "b": [None, 1]}) == {"b": [None, 1]}


def test_mask_follows_secrets_into_lists() -> None:
    masked = mask({"env": [{"name": "A", "value": "x"}]}, {"env": [{"value": secret("x")}]})
    assert masked == {"env": [{"name": "A", "value": secret("x")}]}


def test_mask_hides_a_whole_list_when_places_no_longer_match() -> None:
    masked = mask({"env": ["injected", "x"]}, {"env": [secret("x")]})
    assert masked == {"env": secret(["injected", "x"])}

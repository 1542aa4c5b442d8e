"""What counts as acknowledged after a bulk of which parts failed."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from todo_shared.events.envelope import StoredEvent
from todo_shared.ids import uuid7
from todo_shared.outbox import SHARDS, shard_of
from todo_shared.relay import acknowledged


def _event(row: int, key: str) -> StoredEvent:
    return StoredEvent(row, uuid7(), "task.created", key, row, datetime.now(UTC), b"{}", "", "")


batches = st.lists(st.sampled_from("abc"), max_size=12).map(
    lambda keys: [_event(row, key) for row, key in enumerate(keys)]
)


@given(batches, st.sets(st.integers(0, 11)))
def test_of_each_key_exactly_the_events_before_its_first_failure_are_done(
    batch: list[StoredEvent], failed: set[int]
) -> None:
    done = acknowledged(batch, frozenset(str(row) for row in failed))
    for key in "abc":
        rows = [event.row for event in batch if event.key == key]
        broken = [row for row in rows if row in failed]
        expected = [row for row in rows if not broken or row < broken[0]]
        assert [row for row in done if row in rows] == expected


@given(st.text())
def test_a_key_always_has_the_same_shard(key: str) -> None:
    assert shard_of(key) == shard_of(key)
    assert 0 <= shard_of(key) < SHARDS


def test_the_number_of_shards_is_the_one_that_databases_were_filled_with() -> None:
    assert SHARDS == 4
    assert [shard_of(key) for key in ("ann", "bob", "carl", "dora")] == [
        shard_of("ann"),
        shard_of("bob"),
        shard_of("carl"),
        shard_of("dora"),
    ]

"""Blocks with and without publishing are paired fairly, and their difference is that of pairs."""

from publish_cost import order_of, result, statements

from todo_shared.outbox import SHARDS


def test_blocks_take_turns_in_who_is_first() -> None:
    assert list(order_of(3)) == [True, False, False, True, True, False]


def test_what_is_added_is_the_median_of_the_pairs() -> None:
    on, off = [(1.0, 10.0), (1.0, 30.0), (1.0, 14.0)], [(1.0, 9.0), (1.0, 10.0), (1.0, 11.0)]
    assert result(on, off)[1] == 3.0


def test_every_shard_is_held() -> None:
    assert statements(5).count("pg_advisory_lock") == SHARDS

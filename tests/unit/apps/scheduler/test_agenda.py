"""The agenda gives back what was put on it, when it is due, once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.agenda import Agenda

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def test_keys_come_in_the_order_they_are_due() -> None:
    agenda = Agenda[str]()
    for name, second in (("c", 3), ("a", 1), ("b", 2)):
        agenda.put(name, at(second))
    assert agenda.take(at(2), 9) == ["a", "b"]
    assert agenda.next_at() == at(3)
    assert len(agenda) == 1


def test_a_key_that_moved_is_due_at_its_new_time_only() -> None:
    agenda = Agenda[str]()
    agenda.put("a", at(1))
    agenda.put("a", at(5))
    assert agenda.take(at(4), 9) == []
    agenda.put("a", at(2))
    assert agenda.take(at(4), 9) == ["a"]
    assert agenda.take(at(9), 9) == []


def test_a_dropped_key_is_not_due() -> None:
    agenda = Agenda[str]()
    agenda.put("a", at(1))
    agenda.drop("a")
    agenda.drop("b")
    assert agenda.next_at() is None
    assert "a" not in agenda


def test_a_limit_leaves_the_rest() -> None:
    agenda = Agenda[int]()
    for number in range(5):
        agenda.put(number, at(number))
    assert agenda.take(at(9), 2) == [0, 1]
    assert agenda.take(at(9), 9) == [2, 3, 4]


_STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "drop", "take"]), st.integers(0, 9), st.integers(0, 50)),
    max_size=300,
)


@given(_STEPS)
def test_it_does_as_a_plain_table_would(steps: list[tuple[str, int, int]]) -> None:
    agenda = Agenda[int]()
    table: dict[int, int] = {}
    for verb, key, second in steps:
        if verb == "put":
            agenda.put(key, at(second))
            table[key] = second
        elif verb == "drop":
            agenda.drop(key)
            table.pop(key, None)
        else:
            due = [each for each in table if table[each] <= second]
            taken = agenda.take(at(second), 100)
            assert sorted(taken) == sorted(due)
            assert [table[each] for each in taken] == sorted(table[each] for each in taken)
            for each in taken:
                del table[each]
        assert len(agenda) == len(table)
        assert agenda.next_at() == (at(min(table.values())) if table else None)

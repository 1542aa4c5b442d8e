"""Creates are matched with what services show: nothing wrong is missed, nothing right is blamed."""

from hypothesis import given
from hypothesis import strategies as st
from workload.clients import Create
from workload.readback import Seen, judge, reminders_of

from ballast.gate.history.effects import Tally
from ballast.gate.history.findings import Violation
from ballast.gate.history.operations import Kind, Result
from ballast.gate.history.reading import creations_of, deliveries_of
from ballast.gate.ledger import Effect

WITHIN = 5.0


def create(number: int, due: float | None = None) -> Create:
    return Create(
        number, "u", f"k{number}", number, due, number, number + 0.5, Result.ACKNOWLEDGED,
        f"t{number}",
    )  # fmt: skip


def at(seconds: float) -> str:
    return f"1970-01-01T00:{int(seconds) // 60:02d}:{seconds % 60:09.6f}+00:00"


def shown(creates: list[Create]) -> Seen:
    tasks = [
        {"id": c.task, "title": c.key, "version": 1, "created_at": at(c.completed)}
        for c in reversed(creates)
    ]
    notifications = [
        {
            "id": str(place), "task_id": c.task, "subject": "Task Created", "seq": place,
            "created_at": at(c.completed + 1),
        }
        for place, c in enumerate(creates)
    ]  # fmt: skip
    effects = [*creations_of("u", tasks), *deliveries_of("u", notifications)]
    return Seen(effects, [], [Tally("analytics", "u", Kind.CREATE, len(creates))])


def wrong(creates: list[Create], seen: Seen) -> dict[Violation, int]:
    return dict(judge(creates, {"u": seen}, WITHIN).findings.counts)


@given(st.integers(1, 30))
def test_creates_with_one_effect_each_are_right(number: int) -> None:
    creates = [create(n) for n in range(number)]
    assert judge(creates, {"u": shown(creates)}, WITHIN).settled
    assert not wrong(creates, shown(creates))


@given(st.integers(1, 20), st.data())
def test_a_missing_create_is_lost_everywhere(number: int, data: st.DataObject) -> None:
    creates = [create(n) for n in range(number)]
    gone = data.draw(st.integers(0, number - 1))
    assert wrong(creates, shown(creates[:gone] + creates[gone + 1 :])) == {Violation.LOST: 3}


def test_a_second_task_of_one_key_is_a_duplicate() -> None:
    creates = [create(0)]
    seen = shown(creates)
    second = {"id": "other", "title": "k0", "version": 1, "created_at": at(1)}
    seen.effects += creations_of("u", [second])
    assert wrong(creates, seen) == {Violation.DUPLICATED: 1}


def test_deliveries_in_another_order_are_reordered() -> None:
    creates = [create(0), create(1), create(2)]
    seen = shown([creates[1], creates[0], creates[2]])
    assert wrong(creates, seen)[Violation.REORDERED] == 1


def test_a_create_without_an_answer_may_have_happened_or_not() -> None:
    creates = [create(0), create(1)]
    creates[1].result, creates[1].task = Result.UNKNOWN, ""
    assert not wrong(creates, shown([creates[0]]))
    assert not wrong(creates, shown([creates[0], create(1)]))


def test_a_reminder_is_owed_once_for_each_due_task() -> None:
    creates = [create(0, due=10.0), create(1), create(2, due=10.0)]
    seen = shown(creates)
    seen.reminders = reminders_of(
        [
            {"id": "a", "task_id": "t0", "subject": "Task Reminder"},
            {"id": "b", "task_id": "t0", "subject": "Task Reminder"},
            {"id": "c", "task_id": "t1", "subject": "Task Created"},
        ]
    )
    assert seen.reminders == [Effect("a", "t0"), Effect("b", "t0")]
    outcome = judge(creates, {"u": seen}, WITHIN)
    assert outcome.reminders.lost == ("t2",)
    assert outcome.reminders.duplicated == ("t0",)
    assert not outcome.settled

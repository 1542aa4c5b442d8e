"""Cron on wall-clock time: against cronsim and croniter, and their own published expressions."""

import ast
import re
from datetime import datetime, timedelta
from importlib.resources import files
from itertools import islice

import pytest
from croniter import CroniterBadDateError, croniter
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from todo_shared.recurrence import RecurrenceError, ShortMonthPolicy
from todo_shared.recurrence.cron import CronRule

START = datetime(2026, 1, 28)
MINUTE = timedelta(minutes=1)

# Where croniter stands alone, and Debian's cron is followed instead (docs/recurrence.md).
CRONITER_ALONE = re.compile(
    r"(?i)\b(\w+)-\1\b"  # 5-5 as the whole cycle
    r"|W"  # the nearest weekday
    r"|^R"  # a time drawn by lot
    r"|^\S+ \S+ [^*]\S* \S+ \S*#"  # 1 * MON#2 as "both", not "either"
    r"|[*\d],\w+#"  # MON#2 in a list takes away the rest of the list
)


def times(rule: str, count: int, start: datetime = START) -> list[datetime]:
    parsed = CronRule.parse(rule, ShortMonthPolicy.SKIP)
    return list(islice(parsed.times_from(start), count))


def by_croniter(rule: str, count: int) -> list[datetime]:
    simulated = croniter(rule, START - MINUTE, implement_cron_bug=True)
    try:
        return [simulated.get_next(datetime) for _ in range(count)]
    except CroniterBadDateError:
        return []


def by_cronsim(rule: str, count: int) -> list[datetime]:
    return list(islice(CronSim(rule, START - MINUTE), count))


def published_by_croniter() -> list[str]:
    """Every five-field expression in the tests that croniter ships."""
    found: set[str] = set()
    for name in ("test_croniter", "test_croniter_range", "test_croniter_dst_repetition"):
        tree = ast.parse((files("croniter.tests") / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(re.findall(r"\A[\w*/,#?-]+(?: [\w*/,#?-]+){4}\Z", node.value))
    return sorted(found)


PUBLISHED = [rule for rule in published_by_croniter() if not CRONITER_ALONE.search(rule)]


def test_the_published_expressions_were_found() -> None:
    assert len(PUBLISHED) > 150


@pytest.mark.parametrize("rule", PUBLISHED)
def test_an_expression_of_croniters_own_tests_means_the_same(rule: str) -> None:
    try:
        expected = by_croniter(rule, 40)
    except ValueError:
        with pytest.raises(RecurrenceError):
            CronRule.parse(rule, ShortMonthPolicy.SKIP)
        return
    try:
        assert times(rule, 40) == expected
    except RecurrenceError as error:
        assert "never happens" in str(error)
        assert expected == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("1 1 L * *", ["01-31", "02-29", "03-31"]),
        ("1 1 * * 5L", ["01-31", "02-28", "03-27", "04-24", "05-29", "06-26", "07-31"]),
        ("1 1 * * L5", ["01-31", "02-28", "03-27", "04-24", "05-29", "06-26", "07-31"]),
        ("1 1 * * 0L", ["01-26"]),
        ("1 1 * * 7L", ["01-26"]),
        ("1 1 * * 1#2", ["01-13"]),
        ("1 1 1-7 * */7", ["01-05", "02-02", "03-01", "04-05"]),
        ("1 1 */100,1-7 * MON", ["01-06", "02-03", "03-02", "04-06"]),
        ("1 1 LW * *", ["01-31", "02-28", "03-31", "04-30", "05-29"]),
        ("1 1 13 * FRI", ["01-03", "01-10", "01-13", "01-17"]),
        ("1 1 */2 * FRI", ["01-03", "01-17", "01-31", "02-07"]),
        ("1 1 * * FRI-SUN", ["01-03", "01-04", "01-05", "01-10"]),
        ("1 1 29 2 *", ["02-29"]),
    ],
)
def test_what_days_mean(rule: str, expected: list[str]) -> None:
    start = datetime(2020, 1, 1)
    assert [f"{time:%m-%d}" for time in times(rule, len(expected), start)] == expected


def terms(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    spans = st.tuples(number, number).map(sorted).filter(lambda pair: pair[0] < pair[1])
    span = spans.map(lambda pair: f"{pair[0]}-{pair[1]}")
    step = st.integers(2, 9).map(str)
    return st.one_of(
        number.map(str), span, st.builds("{}/{}".format, st.one_of(st.just("*"), span), step)
    )


def fields(low: int, high: int, *more: str) -> st.SearchStrategy[str]:
    listed = st.lists(terms(low, high), min_size=1, max_size=3).map(",".join)
    return st.one_of(st.just("*"), listed, *(st.just(word) for word in more))


rules = st.tuples(
    fields(0, 59), fields(0, 23), fields(1, 31, "L"), fields(1, 12), fields(0, 6)
).map(" ".join)


@given(rules)
@settings(max_examples=150)
def test_any_rule_means_what_cronsim_and_croniter_say(rule: str) -> None:
    try:
        found = times(rule, 25)
    except RecurrenceError as error:
        assert "never happens" in str(error)
        assert by_croniter(rule, 1) == []
        return
    assert found == by_cronsim(rule, 25)
    assert found == by_croniter(rule, 25)


@given(rules, st.integers(0, 900 * 24 * 60))
@settings(max_examples=80)
def test_a_search_may_begin_anywhere(rule: str, minutes: int) -> None:
    start = START + MINUTE * minutes
    try:
        found = times(rule, 5, start)
    except RecurrenceError:
        return
    assert found == list(islice(CronSim(rule, start - MINUTE), 5))

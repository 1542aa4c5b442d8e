"""The table of examples in docs/recurrence.md is true."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from todo_shared.recurrence import (
    GapPolicy,
    OverlapPolicy,
    Policies,
    Recurrence,
    ShortMonthPolicy,
    detect_kind,
)

DOCUMENT = Path(__file__).parents[5] / "docs" / "recurrence.md"
ROW = re.compile(r"\| `(.+?)` \| (\S+) \| (\S*) ?\| (\d{4}-\d\d-\d\d) \| (.+?) \|")
ROWS = ROW.findall(DOCUMENT.read_text(encoding="utf-8"))


def policies(text: str) -> Policies:
    name, _, value = text.partition("=")
    return Policies(
        gap=GapPolicy(value) if name == "gap" else None,
        overlap=OverlapPolicy(value) if name == "overlap" else None,
        short_month=ShortMonthPolicy(value) if name == "short_month" else ShortMonthPolicy.SKIP,
    )


def test_the_table_was_found() -> None:
    assert len(ROWS) == 12


@pytest.mark.parametrize(("rule", "zone", "policy", "begin", "expected"), ROWS)
def test_a_row(rule: str, zone: str, policy: str, begin: str, expected: str) -> None:
    recurrence = Recurrence.parse(
        rule, detect_kind(rule), zone, datetime(2010, 1, 1), policies(policy)
    )
    wanted = expected.split(", ")
    after = datetime.fromisoformat(begin).replace(tzinfo=UTC) - timedelta(seconds=1)
    found = recurrence.following(after, len(wanted))
    assert [f"{each.key} = {each.instant:%H:%MZ}" for each in found] == wanted

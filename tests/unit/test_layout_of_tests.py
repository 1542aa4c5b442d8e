"""Test-only modules are found by name alone, so two of one name would hide each other."""

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_no_two_test_only_modules_have_one_name() -> None:
    names = Counter(
        path.name
        for path in TESTS.rglob("*.py")
        if path.name not in {"conftest.py", "__init__.py"} and not path.name.startswith("test_")
    )
    assert [name for name, count in names.items() if count > 1] == []

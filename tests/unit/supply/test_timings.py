"""What is expected comes from this machine's last run, else from the lock."""

from pathlib import Path

import pytest

from ballast.supply.go_spec import Component
from ballast.supply.timings import Timings


@pytest.fixture
def timings(tmp_path: Path) -> Timings:
    return Timings(tmp_path / "bin" / "timings.json")


def component(version: str = "v1.0.0", seconds: float | None = None) -> Component:
    program = [{"name": "tool", "package": "."}]
    facts = {"component": "one", "module": "m.test/one", "version": version, "program": program}
    return Component.model_validate(facts | {"seconds": seconds})


def test_at_first_the_lock_is_believed(timings: Timings) -> None:
    assert timings.expected(component(seconds=300)) == 300


def test_without_any_knowledge_nothing_is_expected(timings: Timings) -> None:
    assert timings.expected(component()) is None


def test_the_last_run_here_counts_more(timings: Timings) -> None:
    timings.record(component(), 41.26)
    assert timings.expected(component(seconds=300)) == 41.3


def test_another_version_is_not_compared(timings: Timings) -> None:
    timings.record(component("v1.0.0"), 41.0)
    assert timings.expected(component("v2.0.0", seconds=300)) == 300


def test_a_broken_record_costs_only_the_estimate(timings: Timings) -> None:
    timings.file.parent.mkdir()
    timings.file.write_text("{")
    assert timings.expected(component(seconds=300)) == 300
    timings.record(component(), 5)
    assert timings.expected(component()) == 5

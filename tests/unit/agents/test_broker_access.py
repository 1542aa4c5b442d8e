"""The protocol's own forms, and the agent as a program of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ballast.agents import broker_access
from ballast.agents.broker_access import Answer, Plan, Problem, Right, compact, refuse, varint


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 16_384, 2**31])
def test_numbers_of_any_length_come_back(number: int) -> None:
    assert Answer(varint(number)).varint() == number


@pytest.mark.parametrize("size", [0, 126, 127, 200])
def test_compact_text_of_any_length_comes_back(size: int) -> None:
    assert Answer(compact(b"x" * size)).compact_text() == "x" * size


def test_a_null_is_an_empty_text() -> None:
    assert Answer(varint(0)).compact_text() == ""
    assert Answer(b"\xff\xff").text() == ""


def test_a_refusal_says_what_was_asked_and_why() -> None:
    with pytest.raises(Problem, match=r"did not set user ann: too short \(error 42\)"):
        refuse(42, "too short", "set user ann")


def test_a_plan_names_only_what_it_knows(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"users": ["a"], "rights": [["a", "topic", "t", "read"]]}))
    assert Plan.read(path) == Plan(("a",), frozenset({Right("a", "topic", "t", "read")}))


def test_the_program_needs_nothing_but_python(tmp_path: Path) -> None:
    # -I -S: no site-packages, no folder of ours; it ends for want of its plan, not of a module.
    done = subprocess.run(
        [sys.executable, "-I", "-S", broker_access.__file__],
        env={"PLAN": str(tmp_path / "absent.json")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "absent.json" in done.stderr
    assert "ModuleNotFoundError" not in done.stderr

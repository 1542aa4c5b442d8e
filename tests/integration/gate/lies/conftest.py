"""How lies are told to the gate, and what is written down of its answers."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from ballast.errors import BallastError
from ballast.gate.verdict import Verdict

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from lie import Column, Family, Lie, twin

Verdicts = Callable[[], Iterable[Verdict]]


@pytest.fixture
def answer(gate, make_record):
    """What the gate says in the end, empty when it lets the release through.

    A scene plays the checks that its lies are about. The others of the plan are taken as passed, so
    that a lie must fall by its own check and a twin shows that nothing else stands in the way.
    """

    def of(verdicts: Verdicts = tuple, **options) -> str:
        try:
            record = options.pop("record", None) or make_record(verdicts=list(verdicts()))
            gate.promote(record, **options)
        except BallastError as refused:
            return str(refused)
        return ""

    return of


@pytest.fixture
def told(record_property):
    """Write down what became of a lie and hold the gate to the right refusal."""

    def of(lie: Lie, said: str) -> None:
        column = lie.column(said)
        record_property("lie", ["bad", lie.family.value, lie.name, column.value, said])
        assert column is Column.RIGHT, f"{lie.name}: {said or 'it passed'}"

    return of


@pytest.fixture
def honest(record_property):
    """Write down what became of the same path without a lie, which must pass."""

    def of(family: Family, name: str, said: str) -> None:
        column = twin(said)
        record_property("lie", ["good", family.value, name, column.value, said])
        assert column is Column.PASSED, said

    return of

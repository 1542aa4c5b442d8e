"""The order of phases, what a replica goes by, and what is asked on the command line."""

from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest

from tasks.read_copy.command import arguments, main
from tasks.read_copy.mode import ReadCopyMode, lower_of
from tasks.read_copy.phase import Phase, PresentPhase
from tasks.read_copy.settings import ReadCopySettings
from todo_shared.settings import SettingsError

POSTGRES, DUAL, FIRST, ONLY = ReadCopyMode


def _admitted(mode: ReadCopyMode) -> Phase:
    return Phase(mode, datetime(2030, 1, 1, tzinfo=UTC), UUID(int=0), 0, None)


def test_the_phases_are_in_order() -> None:
    assert [mode.step for mode in (POSTGRES, DUAL, FIRST, ONLY)] == [0, 1, 2, 3]


@pytest.mark.parametrize(("wanted", "admitted"), list(product(ReadCopyMode, repeat=2)))
def test_a_replica_relies_on_no_more_than_is_wanted_and_admitted(
    wanted: ReadCopyMode, admitted: ReadCopyMode
) -> None:
    present = PresentPhase(wanted)
    assert (present.mode, present.since) == (POSTGRES, None)
    present.learn(_admitted(admitted))
    assert present.mode.step == min(wanted.step, admitted.step)
    assert present.mode is lower_of(admitted, wanted)
    assert present.since is not None


def test_nothing_is_copied_unless_it_is_wanted() -> None:
    assert ReadCopySettings.from_environment({}).read_copy_mode is POSTGRES
    given = ReadCopySettings.from_environment({"READ_COPY_MODE": "state-first"})
    assert given.read_copy_mode is FIRST
    with pytest.raises(SettingsError, match="READ_COPY_MODE"):
        ReadCopySettings.from_environment({"READ_COPY_MODE": "redis"})


def test_the_command_line() -> None:
    asked = arguments(["backfill", "--batch", "5", "--rate", "100"])
    assert (asked.batch, asked.rate, asked.restart, asked.replace) == (5, 100.0, False, False)
    assert arguments(["admit", "state-only"]).mode is ONLY
    for wrong in ([], ["admit"], ["admit", "redis"], ["copy"]):
        with pytest.raises(SystemExit):
            arguments(wrong)


def test_settings_that_cannot_be_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "nowhere")
    assert main(["status"]) == 1
    assert capsys.readouterr().err.startswith("error: DATABASE_URL must be")

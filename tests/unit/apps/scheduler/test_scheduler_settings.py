"""What the scheduler reads from its environment."""

import pytest

from scheduler.settings import SchedulerSettings
from todo_shared.settings import SettingsError


def test_offsets_are_a_list_of_minutes() -> None:
    assert SchedulerSettings.from_environment({}).reminder_offsets == (0,)
    found = SchedulerSettings.from_environment({"REMINDER_OFFSETS": "0, 60,1440"})
    assert found.reminder_offsets == (0, 60, 1440)


@pytest.mark.parametrize("value", ["-1", "soon", "0,,1"])
def test_other_offsets_are_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="REMINDER_OFFSETS"):
        SchedulerSettings.from_environment({"REMINDER_OFFSETS": value})


def test_two_processes_on_one_host_are_two_replicas() -> None:
    names = {SchedulerSettings.from_environment({}).scheduler_replica for _ in range(2)}
    assert len(names) == 2

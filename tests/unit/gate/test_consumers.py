"""The witness of the consumers waits until they have caught up, and writes down what it knows."""

from contextlib import contextmanager

import pytest

from ballast.errors import BallastError
from ballast.gate import consumers
from ballast.gate.broker_view import Progress
from ballast.gate.consumers import Consumers, read_consumers, see_after, see_before

GROUP = "todo-app-dev.notification-service"


def progress(end: int, committed: int) -> Progress:
    return Progress({"t/0": end}, {GROUP: {"t/0": committed}})


@pytest.fixture
def told(monkeypatch):
    """What the broker says, one answer a question and the last one for ever; None is silence."""
    answers: list[Progress | None] = []

    class View:
        def progress(self, prefix: str) -> Progress:
            assert prefix == "todo-app-dev."
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if answer is None:
                raise BallastError("the broker hung up")
            return answer

    @contextmanager
    def view(_: object):
        yield View()

    monkeypatch.setattr(consumers, "broker_view", view)
    return answers


def witness(folder, seconds: float = 10.0) -> Consumers | None:
    see_before(None, folder, "todo-app-dev")
    see_after(None, folder, "todo-app-dev", seconds)
    return read_consumers(folder)


def test_it_waits_until_the_lag_is_small(told, tmp_path):
    told += [progress(5, 5), progress(300, 5), progress(310, 300)]
    assert witness(tmp_path) == Consumers(progress(5, 5), progress(310, 300))


def test_it_waits_for_a_broker_that_is_not_back_yet(told, tmp_path):
    told += [progress(5, 5), None, progress(6, 6)]
    assert witness(tmp_path) == Consumers(progress(5, 5), progress(6, 6))


def test_it_waits_for_a_broker_that_has_not_read_its_groups_yet(told, tmp_path):
    told += [progress(5, 5), Progress({}), progress(6, 6)]
    assert witness(tmp_path) == Consumers(progress(5, 5), progress(6, 6))


def test_what_stays_lost_is_written_down_as_it_is(told, tmp_path):
    told += [progress(5, 5), Progress({})]
    seen = witness(tmp_path, 0.0)
    assert seen.after.behind(seen.before)


def test_a_lag_that_stays_is_written_down_as_it_is(told, tmp_path):
    told += [progress(5, 5), progress(300, 5)]
    assert witness(tmp_path, 0.0).lag == (GROUP, 295)


def test_a_broker_that_stays_away_is_unknown(told, tmp_path):
    told += [progress(5, 5), None]
    seen = witness(tmp_path, 0.0)
    assert (seen.after, seen.unknown) == (None, "after the fault: the broker hung up")


def test_without_a_beginning_there_is_no_end(told, tmp_path):
    told += [None]
    assert witness(tmp_path) == Consumers(unknown="before the fault: the broker hung up")


def test_nothing_written_is_nothing_known(tmp_path):
    assert read_consumers(tmp_path) is None


def test_a_group_is_as_far_behind_as_all_its_partitions():
    seen = Progress({"t/0": 9, "t/1": 4, "u/0": 7}, {GROUP: {"t/0": 4, "t/1": 4, "u/0": 5}})
    assert seen.lags == {GROUP: 7}

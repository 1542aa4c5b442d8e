"""The watch over a release, look by look: what ends it, what only delays it, where it goes on."""

from pathlib import Path

import pytest

from ballast.errors import BallastError
from ballast.gate.bake import Journal, TrippedError, bake, check_bake
from ballast.gate.vitals import Look

SOUND = Look(events=500.0)


class Time:
    """A clock that moves when someone sleeps."""

    def __init__(self) -> None:
        self.moment = 100.0

    def now(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += seconds


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal("c" * 40, tmp_path)


@pytest.fixture
def clock() -> Time:
    return Time()


def watched(journal: Journal, clock: Time, *looks: Look, seconds: float = 60.0) -> float:
    """Bake over looks one second apart; the last one stays."""
    rest = list(looks)

    def look() -> Look:
        return rest.pop(0) if len(rest) > 1 else rest[0]

    return bake(look, seconds, journal, now=clock.now, sleep=clock.sleep)


def test_a_sound_release_is_kept_after_its_time(journal, clock):
    assert watched(journal, clock, SOUND) == 500.0
    assert 160.0 <= clock.moment <= 163.0


def test_a_sick_release_goes_back_at_once(journal, clock):
    with pytest.raises(TrippedError, match="7 of 60 events failed"):
        watched(journal, clock, SOUND, Look(sick=("7 of 60 events failed",)))
    assert clock.moment == 101.0


def test_a_short_weakness_only_delays(journal, clock):
    watched(journal, clock, *[Look(weak=("1 of 2 pods",))] * 19, SOUND)
    assert clock.moment > 178.0


def test_a_weakness_that_lasts_goes_back(journal, clock):
    with pytest.raises(TrippedError, match="1 of 2 pods"):
        watched(journal, clock, SOUND, Look(weak=("1 of 2 pods",)))
    assert clock.moment == 121.0


def test_blindness_for_four_scrapes_goes_back(journal, clock):
    with pytest.raises(TrippedError, match="nobody can say how it is: no Prometheus"):
        watched(journal, clock, Look(unknown=("no Prometheus",)))
    assert clock.moment == 160.0


def test_a_short_blindness_is_no_sound_time(journal, clock):
    watched(journal, clock, *[Look(unknown=("restarts",))] * 30, SOUND)
    assert clock.moment > 189.0


def test_what_comes_and_goes_is_not_waited_for_without_end(journal, clock):
    flapping = [Look(weak=("1 of 2 pods",)), Look(unknown=("restarts",))] * 200
    with pytest.raises(TrippedError, match=r"undecided: 0 of 60 s were sound.*(pods|restarts)"):
        watched(journal, clock, *flapping)


def test_a_watch_without_requests_is_no_proof(journal, clock):
    with pytest.raises(TrippedError, match="3 of 20 requests were counted"):
        watched(journal, clock, Look(events=3.0))


def test_requests_that_come_late_are_waited_for(journal, clock):
    assert watched(journal, clock, *[Look(events=3.0)] * 80, SOUND) == 500.0


def test_a_watch_that_was_killed_goes_on_where_it_was(journal, clock):
    class KilledError(Exception):
        pass

    def killed() -> Look:
        if clock.moment > 140.0:
            raise KilledError
        return SOUND

    with pytest.raises(KilledError):
        bake(killed, 60.0, journal, now=clock.now, sleep=clock.sleep)
    assert 39.0 <= journal.read() <= 41.0
    before = clock.moment
    watched(journal, clock, SOUND)
    assert clock.moment - before < 24.0


def test_the_time_of_another_commit_does_not_count(journal, clock, tmp_path):
    Journal("d" * 40, tmp_path).write(59.0)
    watched(journal, clock, SOUND)
    assert clock.moment >= 160.0


def test_a_finished_watch_leaves_no_note(journal, clock):
    watched(journal, clock, SOUND)
    assert not journal.path.exists()


@pytest.mark.parametrize("noise", ["", "{", '{"seconds": "many"}', "[]"])
def test_a_broken_note_begins_the_watch_anew(journal, noise):
    journal.path.parent.mkdir(parents=True, exist_ok=True)
    journal.path.write_text(noise)
    assert journal.read() == 0.0


@pytest.mark.parametrize("seconds", [0.0, 39.0, 481.0, float("nan")])
def test_no_promotion_goes_without_a_watch_or_over_its_ten_minutes(seconds):
    with pytest.raises(BallastError, match="cannot be watched"):
        check_bake(seconds)

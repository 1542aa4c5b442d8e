"""Shapes of a load: what they promise, and the combinations that mean nothing."""

import pytest
import yaml

from ballast.errors import BallastError
from ballast.gate.shape import load_shape

VALID = {
    "arrivals": "poisson",
    "requestsPerUserPerMinute": 6,
    "warmupSeconds": 5,
    "stages": [{"seconds": 120, "ratePerSecond": 1, "toRatePerSecond": 10}],
    "mix": {"create": 1},
}


@pytest.fixture
def read(tmp_path):
    def shape(**changes):
        path = tmp_path / "shape.yaml"
        path.write_text(yaml.safe_dump(VALID | changes))
        return load_shape(path)

    return shape


def test_users_are_enough_for_the_peak(read):
    assert (read().users, read().peak_rate) == (100, 10)


def test_a_changing_rate_makes_its_mean(read):
    assert read().expected == pytest.approx(120 * 5.5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oldBlockSeconds": 5}, "one rate"),
        ({"mix": {"create": 1, "remind": 1}}, "remindersDueAtSeconds"),
        ({"remindersDueAtSeconds": 9}, "remindersDueAtSeconds"),
        ({"mix": {"create": 0}}, "nothing to do"),
        ({"mix": {"dance": 1}}, "dance"),
        ({"stages": []}, "stages"),
        ({"warmupSeconds": 0}, "warmupSeconds"),
    ],
)
def test_a_shape_that_means_nothing_is_refused(read, changes, said: str):
    with pytest.raises(BallastError, match=said):
        read(**changes)


def test_a_shape_without_an_old_release_is_its_stages(read):
    warmup, stage = read().segments(0)
    assert (warmup.rate, warmup.to_rate, warmup.judged) == (1, 1, False)
    assert (stage.rate, stage.to_rate, stage.judged, stage.pair) == (1, 10, True, 0)


def test_a_shape_without_old_blocks_has_no_pairs(read):
    with pytest.raises(ValueError, match="compares nothing"):
        read().segments(4)

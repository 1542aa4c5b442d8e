"""The verdict on old and new: what is compared, what a failure counts, what is never a pass."""

import pytest

from ballast.gate.noninferiority import Timing
from ballast.gate.regression import FAILED_SECONDS, Baseline, judge_regression, timings_of
from ballast.gate.schedule import Schedule, Segment
from ballast.gate.verdict import Outcome
from ballast.slo.model import NonInferiority

OLD, NEW = {"a": "old@sha256:1"}, {"a": "new@sha256:2"}
RULE = NonInferiority(quantile=0.9, margin=0.18, confidence=0.95, look_after_pairs=(4, 6))
BASELINE = Baseline(slo="gateway-latency", rule=RULE, images=OLD)


def timings(slower: float = 1.0, pairs: int = 6) -> list[Timing]:
    return [
        Timing(
            pair, new, "list", (0.02 + 0.001 * ((number * 7 + pair) % 20)) * (slower if new else 1)
        )
        for pair in range(1, pairs + 1)
        for new in (True, False)
        for number in range(20)
    ]


def test_a_release_as_quick_as_the_old_one_passes_and_says_how_sure_that_is():
    verdict = judge_regression(BASELINE, NEW, timings(), 6)
    assert (verdict.check, verdict.outcome) == ("regression/gateway-latency", Outcome.PASS)
    assert verdict.reason == (
        "p90 +0.0% against the old release (+0.0% to +0.0%) after 4 pairs; +18% allowed"
    )
    assert verdict.figures == {
        "pairs": 4, "margin": 0.18, "new_samples": 80, "new_ms": 37.0, "old_samples": 80,
        "old_ms": 37.0, "slower": 0.0, "lower_bound": 0.0, "upper_bound": 0.0,
    }  # fmt: skip


def test_a_slower_release_fails():
    verdict = judge_regression(BASELINE, NEW, timings(1.3), 6)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.figures["slower"] == pytest.approx(0.3)
    assert verdict.reason.startswith("p90 +30.0% against")
    assert (verdict.figures["new_ms"], verdict.figures["old_ms"]) == (48.1, 37.0)


def test_the_last_look_is_the_most_that_is_played():
    assert BASELINE.pairs == 6


def test_a_run_of_equal_images_says_so():
    assert judge_regression(BASELINE, OLD, timings(), 6).reason.startswith("A/A, both run")


def test_no_pair_at_all_is_vacuous():
    verdict = judge_regression(BASELINE, NEW, [], 6)
    assert (verdict.outcome, verdict.figures["pairs"]) == (Outcome.VACUOUS, 6)


@pytest.mark.parametrize("new", [True, False])
def test_a_release_that_was_never_asked_is_vacuous(new: bool):
    asked = [timing for timing in timings() if timing.new is new]
    assert judge_regression(BASELINE, NEW, asked, 6).outcome is Outcome.VACUOUS


def test_a_thin_block_is_inconclusive_and_named():
    thin = [t for t in timings() if t.pair != 2 or t.new] + [Timing(2, False, "list", 0.02)]
    verdict = judge_regression(BASELINE, NEW, thin, 6)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason == "block 2 of the old release has 1 samples, 10 are needed"
    assert "slower" not in verdict.figures


def test_only_samples_in_blocks_are_compared(make_sample):
    segments = (
        Segment(seconds=1, rate=4, to_rate=4),
        Segment(seconds=1, rate=4, to_rate=4, pair=1, judged=True),
        Segment(seconds=1, rate=4, to_rate=4, pair=1, judged=True, release="old"),
    )
    schedule = Schedule(seed=1, segments=segments, users=5, mix={"get": 1}, model="constant")
    of = {
        index: [a.sequence for a in schedule.arrivals() if a.segment == index] for index in range(3)
    }
    samples = [
        make_sample(of[0][-1]),
        make_sample(of[1][-1], latency=0.25, operation="get"),
        make_sample(of[2][-1], latency=0.5, operation="list"),
        make_sample(999),
    ]
    assert timings_of(schedule, samples) == [
        Timing(1, True, "get", pytest.approx(0.25)),
        Timing(1, False, "list", pytest.approx(0.5)),
    ]
    # What the new release refuses is slow; what the old one refuses makes nothing fast.
    refused = [make_sample(of[1][-1], status=503), make_sample(of[2][-1], status=503)]
    assert timings_of(schedule, refused) == [Timing(1, True, "list", FAILED_SECONDS)]

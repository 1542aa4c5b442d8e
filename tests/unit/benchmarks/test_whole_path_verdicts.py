"""Which rates hold, and how CPU seconds are told apart."""

import math
from dataclasses import replace

import pytest
from whole_path import reasons
from workload.processors import by_kind, since
from workload.step import Step

GOOD = Step(
    rate=100, seconds=20, created=2000, failed=0, reached=99.0, drained_s=0.5, api_p50=10,
    api_p95=30, gateway_p95=25, invoke_p95=20, publish_p95=40, handler_p95=20, effect_p95=120,
    lag_p95=1, cpu={}, load=2.0,
)  # fmt: skip


def test_a_good_step_holds() -> None:
    assert reasons(GOOD) == []


@pytest.mark.parametrize(
    "change",
    [
        {"publish_p95": 100.0},
        {"handler_p95": 50.0},
        {"publish_p95": math.nan},
        {"handler_p95": math.inf},
        {"failed": 1},
        {"reached": 80.0},
        {"drained_s": math.inf},
    ],
)
def test_one_thing_that_is_wrong_is_named(change: dict[str, float]) -> None:
    assert len(reasons(replace(GOOD, **change))) == 1


def test_json_knows_no_infinity() -> None:
    assert replace(GOOD, publish_p95=math.inf).as_json()["publish_p95"] is None


def test_parts_are_what_was_used_between_two_readings() -> None:
    used = since({"broker": 5.0}, {"broker": 7.5, "a app": 1.0, "b app": 2.0, "a sidecar": 4.0})
    assert used["broker"] == 2.5
    assert by_kind(used) == {"broker": 2.5, "apps": 3.0, "sidecars": 4.0}

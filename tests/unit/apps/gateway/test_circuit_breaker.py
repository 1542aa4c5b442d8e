"""The rules of the circuit breaker: against a model of them, and one by one."""

import asyncio
import logging
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)
from prometheus_client import REGISTRY

from gateway.circuit_breaker import CircuitBreaker, CircuitOpenError, CircuitRules, CircuitState
from gateway.metrics import CIRCUIT_STATE

RULES = CircuitRules(error_ratio=0.5, window_seconds=10, minimum_calls=5, open_seconds=30)


class Clock:
    """A clock that a test sets; exact, so that limits are hit and not nearly hit."""

    def __init__(self) -> None:
        self.now = Fraction(0)

    def __call__(self) -> float:
        return self.now  # type: ignore[return-value]


class Agreement(RuleBasedStateMachine):
    """Breaker and model see the same calls and must agree on every answer.

    The model keeps each settled call; the breaker may forget one up to a tenth of the window early,
    because it keeps sums of tenths. So time moves here in whole tenths of the window.
    """

    admitted = Bundle("admitted")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.state = CircuitState.CLOSED
        self.history: list[tuple[Fraction, bool]] = []
        self.opened_at = Fraction(0)
        self.era = 0
        self.probe_out = False

    def enter(self, state: CircuitState) -> None:
        self.state = state
        self.era += 1
        self.history.clear()
        self.probe_out = False
        if state is CircuitState.OPEN:
            self.opened_at = self.clock.now

    @initialize(open_seconds=st.sampled_from([1, 30]))
    def begin(self, open_seconds: int) -> None:
        self.rules = replace(RULES, open_seconds=open_seconds)
        self.breaker = CircuitBreaker("model", self.rules, self.clock)

    @rule(seconds=st.sampled_from([1, 2, 9, 10, 11, 29, 30, 31]))
    def time_passes(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(target=admitted)
    def a_call_begins(self) -> tuple[int | None, int]:
        return self.asked()

    def asked(self) -> tuple[int | None, int]:
        if self.state is CircuitState.OPEN and (
            self.clock.now - self.opened_at >= self.rules.open_seconds
        ):
            self.enter(CircuitState.HALF_OPEN)
        expected = self.state is CircuitState.CLOSED or (
            self.state is CircuitState.HALF_OPEN and not self.probe_out
        )
        ticket = self.breaker.admit()
        assert (ticket is not None) == expected
        if expected and self.state is CircuitState.HALF_OPEN:
            self.probe_out = True
        return ticket, self.era

    @rule(call=consumes(admitted), success=st.booleans())
    def a_call_ends(self, call: tuple[int | None, int], success: bool) -> None:
        self.ended(call, success)

    def ended(self, call: tuple[int | None, int], success: bool) -> None:
        ticket, era = call
        if ticket is None:
            return
        self.breaker.settle(ticket, success=success)
        if era != self.era:
            return
        if self.state is CircuitState.HALF_OPEN:
            self.enter(CircuitState.CLOSED if success else CircuitState.OPEN)
            return
        self.history.append((self.clock.now, success))
        recent = [ok for at, ok in self.history if self.clock.now - at < 10]
        if not success and len(recent) >= 5 and recent.count(False) * 2 >= len(recent):
            self.enter(CircuitState.OPEN)

    @rule(calls=st.integers(2, 6), success=st.booleans())
    def a_burst(self, calls: int, success: bool) -> None:
        for call in [self.asked() for _ in range(calls)]:
            self.ended(call, success)

    @rule(call=consumes(admitted))
    def a_caller_gives_up(self, call: tuple[int | None, int]) -> None:
        ticket, era = call
        if ticket is None:
            return
        self.breaker.abandon(ticket)
        if era == self.era and self.state is CircuitState.HALF_OPEN:
            self.probe_out = False

    @invariant()
    def they_agree(self) -> None:
        assert self.breaker.state is self.state
        # Only this metric: all of them, asked thousands of times, take minutes in a long test run.
        (gauge,) = CIRCUIT_STATE.collect()
        shown = {sample.labels["target"]: sample.value for sample in gauge.samples}
        assert shown["model"] == self.state


Agreement.TestCase.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
test_breaker_and_model_agree = Agreement.TestCase


def opened(clock: Clock) -> CircuitBreaker:
    """A breaker that has just opened."""
    breaker = CircuitBreaker("test", RULES, clock)
    for _ in range(5):
        ticket = breaker.admit()
        assert ticket is not None
        breaker.settle(ticket, success=False)
    assert breaker.state is CircuitState.OPEN
    return breaker


async def _fail() -> None:
    raise OSError("away")


async def _work() -> str:
    return "done"


async def test_half_of_the_calls_may_not_fail() -> None:
    breaker = CircuitBreaker("test", RULES, Clock())
    for _ in range(6):
        await breaker.call(_work)
    for _ in range(5):
        with pytest.raises(OSError, match="away"):
            await breaker.call(_fail)
    assert breaker.state is CircuitState.CLOSED
    with pytest.raises(OSError, match="away"):
        await breaker.call(_fail)
    assert breaker.state is CircuitState.OPEN


async def test_too_few_calls_prove_nothing() -> None:
    breaker = CircuitBreaker("test", RULES, Clock())
    for _ in range(4):
        with pytest.raises(OSError, match="away"):
            await breaker.call(_fail)
    assert await breaker.call(_work) == "done"


async def test_opening_is_logged_as_a_warning_and_no_call_is_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        breaker = opened(Clock())
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", "circuit to test opened")
    ]
    rejected = REGISTRY.get_sample_value("circuit_breaker_rejected_total", {"target": "test"}) or 0
    with pytest.raises(CircuitOpenError):
        await breaker.call(_work)
    after = REGISTRY.get_sample_value("circuit_breaker_rejected_total", {"target": "test"})
    assert after == rejected + 1


async def test_after_30_seconds_one_probe_decides() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30
    gate = asyncio.Event()

    async def slow() -> str:
        await gate.wait()
        return "done"

    probe = asyncio.create_task(breaker.call(slow))
    await asyncio.sleep(0)
    with pytest.raises(CircuitOpenError):
        await breaker.call(_work)
    gate.set()
    assert await probe == "done"
    assert await breaker.call(_work) == "done"


async def test_a_probe_that_is_cancelled_makes_room_for_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30
    probe = asyncio.create_task(breaker.call(asyncio.Event().wait))
    await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert breaker.state is CircuitState.HALF_OPEN
    assert await breaker.call(_work) == "done"
    assert breaker.state is CircuitState.CLOSED


async def test_an_unhealthy_answer_is_given_back_and_counts_as_a_failure() -> None:
    breaker = CircuitBreaker("test", RULES, Clock())
    for _ in range(5):
        assert await breaker.call(_work, healthy=lambda _: False) == "done"
    assert breaker.state is CircuitState.OPEN


def test_a_call_from_before_the_circuit_opened_says_nothing_about_now() -> None:
    clock = Clock()
    breaker = CircuitBreaker("test", RULES, clock)
    late = breaker.admit()
    assert late is not None
    for _ in range(5):
        ticket = breaker.admit()
        assert ticket is not None
        breaker.settle(ticket, success=False)
    clock.now += 30
    probe = breaker.admit()
    breaker.settle(late, success=True)
    assert breaker.state is CircuitState.HALF_OPEN
    breaker.abandon(late)
    assert breaker.admit() is None
    assert probe is not None


def test_old_failures_are_forgotten() -> None:
    clock = Clock()
    breaker = CircuitBreaker("test", RULES, clock)
    for second in range(20):
        clock.now = Fraction(3 * second)
        ticket = breaker.admit()
        assert ticket is not None
        breaker.settle(ticket, success=False)
    assert breaker.state is CircuitState.CLOSED


def test_a_circuit_that_closed_again_begins_anew() -> None:
    clock = Clock()
    breaker = CircuitBreaker("test", replace(RULES, open_seconds=1), clock)
    for success in [False] * 5 + [True] + [False] * 4:
        ticket = breaker.admit()
        assert ticket is not None
        breaker.settle(ticket, success=success)
        clock.now += breaker.state is CircuitState.OPEN
    assert breaker.state is CircuitState.CLOSED

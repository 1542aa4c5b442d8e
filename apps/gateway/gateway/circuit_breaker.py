"""A circuit breaker: after too many failures a target is left alone, then tried by one probe.

The breakers on the package index (pybreaker, aiobreaker, purgatory, circuitbreaker) open after a
number of failures in a row; none knows a share of failures in a rolling window, which is our rule.
"""

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeVar

from gateway.metrics import CIRCUIT_OPENED, CIRCUIT_REJECTED, CIRCUIT_STATE

_log = logging.getLogger(__name__)

T = TypeVar("T")

_BUCKETS: Final = 10


class CircuitOpenError(Exception):
    """The call was not made: the target failed too often a moment ago."""


class CircuitState(IntEnum):
    """Where a circuit is; the number is the value of its metric."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


@dataclass(frozen=True, slots=True)
class CircuitRules:
    """When to open: `error_ratio` of at least `minimum_calls` calls in the last `window_seconds`.

    After `open_seconds` one call is let through: its outcome closes the circuit or opens it again.
    """

    error_ratio: float = 0.5
    window_seconds: float = 10.0
    minimum_calls: int = 5
    open_seconds: float = 30.0


@dataclass(slots=True)
class _Bucket:
    start: float
    calls: int = 0
    failures: int = 0


class CircuitBreaker:
    """The circuit to one `target`. Not for use from several threads."""

    def __init__(
        self, target: str, rules: CircuitRules, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._target = target
        self._rules = rules
        self._clock = clock
        self._buckets: deque[_Bucket] = deque()
        self._period = 0
        self._probing = False
        self._opened_at = 0.0
        self._state = CircuitState.CLOSED
        self._enter(CircuitState.CLOSED)

    @property
    def state(self) -> CircuitState:
        """The state after the last call; an open circuit becomes half-open when it is asked."""
        return self._state

    async def call(
        self, action: Callable[[], Awaitable[T]], healthy: Callable[[T], bool] = lambda _: True
    ) -> T:
        """The result of `action`; it counts as a failure when it raises or is not `healthy`.

        Raises CircuitOpenError without calling when the circuit is open.
        """
        period = self.admit()
        if period is None:
            CIRCUIT_REJECTED.labels(self._target).inc()
            raise CircuitOpenError(self._target)
        try:
            result = await action()
        except Exception:
            self.settle(period, success=False)
            raise
        except BaseException:
            self.abandon(period)
            raise
        self.settle(period, success=healthy(result))
        return result

    def admit(self) -> int | None:
        """Ask for one call: the number to settle it with, or None when it must not be made."""
        if self._state is CircuitState.OPEN:
            if self._clock() - self._opened_at < self._rules.open_seconds:
                return None
            self._enter(CircuitState.HALF_OPEN)
        if self._state is CircuitState.HALF_OPEN:
            if self._probing:
                return None
            self._probing = True
        return self._period

    def settle(self, period: int, *, success: bool) -> None:
        """Say how an admitted call ended; one from before the last change of state is too old."""
        if period != self._period:
            return
        if self._state is CircuitState.HALF_OPEN:
            self._enter(CircuitState.CLOSED if success else CircuitState.OPEN)
            return
        bucket = self._bucket()
        bucket.calls += 1
        bucket.failures += not success
        calls = sum(each.calls for each in self._buckets)
        failures = sum(each.failures for each in self._buckets)
        rules = self._rules
        if not success and calls >= rules.minimum_calls and failures >= rules.error_ratio * calls:
            self._enter(CircuitState.OPEN)

    def abandon(self, period: int) -> None:
        """Say that an admitted call was given up by its caller: it proves nothing."""
        if period == self._period:
            self._probing = False

    def _bucket(self) -> _Bucket:
        now = self._clock()
        width = self._rules.window_seconds / _BUCKETS
        while self._buckets and now - self._buckets[0].start >= self._rules.window_seconds:
            self._buckets.popleft()
        if not self._buckets or now - self._buckets[-1].start >= width:
            self._buckets.append(_Bucket(now))
        return self._buckets[-1]

    def _enter(self, state: CircuitState) -> None:
        self._state = state
        self._period += 1
        self._probing = False
        self._buckets.clear()
        CIRCUIT_STATE.labels(self._target).set(state)
        if state is CircuitState.OPEN:
            self._opened_at = self._clock()
            CIRCUIT_OPENED.labels(self._target).inc()
            _log.warning("circuit to %s opened", self._target)

"""Axes of the plots: places in percent of the width or height, ticks, labels with units."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST_TICKS: Final = 7
SMALLEST_MS: Final = 0.1  # finer than anything that a load can measure
_TIMES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True)
class TimeAxis:
    """Seconds from `start` to `end`, evenly."""

    start: float
    end: float

    def percent(self, at: float) -> float:
        """Place of a moment, within 0 and 100."""
        share = (at - self.start) / max(self.end - self.start, 1e-9)
        return 100 * max(0.0, min(1.0, share))

    def ticks(self) -> list[float]:
        """Round seconds, at most `MOST_TICKS` and one."""
        length = self.end - self.start
        step = next((each for each in _TIMES if length / each <= MOST_TICKS), length / MOST_TICKS)
        first, last = math.ceil(self.start / step), math.floor(self.end / step)
        # A product is rounded anew, and may lie a digit outside what it was counted within.
        return [min(max(step * n, self.start), self.end) for n in range(first, last + 1)]


@dataclass(frozen=True)
class LogAxis:
    """Milliseconds from `low` to `high`, each doubling equally far."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> "LogAxis":
        """The axis from the tick below all values to the one above."""
        seen = [max(value, SMALLEST_MS) for value in values] or [1.0]
        low, high = _tick(min(seen), up=False), _tick(max(seen), up=True)
        return cls(low, high if high > low else low * 10)

    def percent(self, value: float) -> float:
        """Place of a value, within 0 and 100."""
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return 100 * min(1.0, share)

    def ticks(self, most: int = MOST_TICKS) -> list[float]:
        """1, 2, 5, 10 and so on; fewer where they are more than `most`, the decades at least."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for steps in ((1, 2, 5), (1, 3), (1,)):
            ticks = [step * 10.0**power for power in range(first, last + 1) for step in steps]
            inside = [tick for tick in ticks if self.low <= tick * 1.001 <= self.high * 1.002]
            if len(inside) <= most:
                break
        return inside


def _tick(value: float, *, up: bool) -> float:
    """The nearest of 1, 2, 5, 10, ... that is at least the value, or at most."""
    power = math.floor(math.log10(value))
    near = [step * 10.0**each for each in (power - 1, power, power + 1) for step in (1, 2, 5)]
    if up:
        return min(tick for tick in near if tick >= value)
    return max(tick for tick in near if tick <= value)


def milliseconds(value: float) -> str:
    """A latency with its unit, to three figures."""
    return f"{value / 1000:.3g} s" if value >= 1000 else f"{value:.3g} ms"


def seconds(value: float) -> str:
    """A time with its unit: whole seconds, and minutes where they are long."""
    return f"{value / 60:g} min" if value and value % 60 == 0 and value >= 600 else f"{value:g} s"

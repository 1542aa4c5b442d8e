"""Rules that Hypothesis makes up, together with what they mean."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hypothesis import strategies as st
from recurrence_oracle import WEEKDAYS

QUARTERS = ("0", "15", "30", "45")
SPECIAL_ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Europe/Dublin",
    "Asia/Kathmandu",
)


@dataclass(frozen=True)
class CronCase:
    """A cron rule, and whether a wall-clock minute belongs to it."""

    rule: str
    matches: Callable[[datetime], bool]


@st.composite
def cron_cases(draw: st.DrawFn) -> CronCase:
    """Rules of quarters of an hour, by time of day and day of the week."""
    minutes = draw(st.sets(st.sampled_from(QUARTERS), min_size=1))
    hours = draw(st.sets(st.integers(0, 23), min_size=1, max_size=8))
    days = draw(st.sets(st.integers(0, 6), max_size=6))
    star_minute, star_hour = draw(st.booleans()), draw(st.booleans())
    minute_text = "*/15" if star_minute else ",".join(sorted(minutes))
    hour_text = "*" if star_hour else ",".join(map(str, sorted(hours)))
    day_text = ",".join(map(str, sorted(days))) or "*"

    def matches(local: datetime) -> bool:
        minute = local.minute % 15 == 0 if star_minute else str(local.minute) in minutes
        weekday = not days or (local.weekday() + 1) % 7 in days
        return minute and weekday and (star_hour or local.hour in hours)

    return CronCase(f"{minute_text} {hour_text} * * {day_text}", matches)


@st.composite
def rrules(draw: st.DrawFn) -> str:
    """RRULEs with every part that RFC 5545 allows for their frequency, without an end."""
    frequency = draw(st.sampled_from(("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")))
    parts = [f"FREQ={frequency}"]

    def maybe(name: str, values: st.SearchStrategy[object], most: int = 3) -> None:
        if draw(st.integers(0, 2)) == 0:
            chosen = draw(st.lists(values, min_size=1, max_size=most, unique=True))
            parts.append(f"{name}={','.join(map(str, chosen))}")

    maybe("INTERVAL", st.integers(1, 7), 1)
    maybe("BYMONTH", st.integers(1, 12), 4)
    weekday = st.sampled_from(WEEKDAYS)
    if frequency == "YEARLY" and draw(st.booleans()):
        maybe("BYWEEKNO", st.sampled_from((1, 2, 20, 52, 53, -1, -2, -52, -53)))
        maybe("BYDAY", weekday, 5)
    elif frequency == "YEARLY":
        maybe("BYYEARDAY", st.sampled_from((1, 100, 365, 366, -1, -100, -366)))
    if frequency != "WEEKLY":
        maybe("BYMONTHDAY", st.sampled_from((1, 2, 13, 28, 29, 30, 31, -1, -2, -31)))
    if frequency in ("MONTHLY", "YEARLY") and not any("BYDAY" in p or "WEEKNO" in p for p in parts):
        place = st.sampled_from(("", "1", "+2", "-1", "5", "-2"))
        maybe("BYDAY", st.builds("{}{}".format, place, weekday))
    elif frequency in ("WEEKLY", "DAILY", "HOURLY"):
        maybe("BYDAY", weekday, 5)
    if frequency != "HOURLY" or not any(part in parts for part in ("INTERVAL=5", "INTERVAL=7")):
        maybe("BYHOUR", st.integers(0, 23))
    maybe("BYMINUTE", st.sampled_from(QUARTERS), 2)
    maybe("WKST", weekday, 1)
    by_week = any(part.startswith("BYWEEKNO") for part in parts)
    if frequency != "HOURLY" and not by_week and any(part.startswith("BY") for part in parts):
        maybe("BYSETPOS", st.sampled_from((1, 2, 3, -1, -2)), 2)
    return ";".join(parts)

"""Slow second implementations, written from the definitions, that the real one is held against."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from todo_shared.recurrence import GapPolicy, OverlapPolicy

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Found = list[tuple[datetime, str]]


def scan(
    zone: ZoneInfo,
    start: datetime,
    stop: datetime,
    matches: Callable[[datetime], bool],
    *,
    gap: GapPolicy,
    overlap: OverlapPolicy,
) -> Found:
    """Instants and keys between two instants, found by looking at the clock every minute."""
    shown: dict[datetime, list[datetime]] = {}
    moved: Found = []
    previous: datetime | None = None
    instant = start
    while instant < stop:
        local = instant.astimezone(zone).replace(tzinfo=None, fold=0)
        if matches(local):
            shown.setdefault(local, []).append(instant)
        if previous is not None and local - previous > MINUTE:
            moved += _moved(previous, local, instant, matches, gap)
        previous = local
        instant += MINUTE
    found = {
        when: _key(local, fold)
        for local, times in shown.items()
        for fold, when in enumerate(times)
        if len(times) == 1 or overlap is OverlapPolicy.BOTH or fold == (overlap == "second")
    }
    for when, key in sorted(moved):
        found.setdefault(when, key)
    return sorted(found.items())


def _moved(
    previous: datetime,
    local: datetime,
    instant: datetime,
    matches: Callable[[datetime], bool],
    gap: GapPolicy,
) -> Found:
    if gap is GapPolicy.SKIP:
        return []
    lost = [previous + MINUTE * n for n in range(1, (local - previous) // MINUTE)]
    late = gap is GapPolicy.SHIFT_FORWARD
    return [
        (instant + (time - lost[0] if late else timedelta()), _key(time, 0))
        for time in lost
        if matches(time)
    ]


def _key(local: datetime, fold: int) -> str:
    return f"{local:%Y-%m-%dT%H:%M}" + "+f1" * fold


def transitions(zone: ZoneInfo, first: int, last: int) -> list[tuple[datetime, int, int]]:
    """Instants at which the offset changes in these years, with the offsets in seconds."""
    found: list[tuple[datetime, int, int]] = []
    moment, stop = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    before = _offset(moment, zone)
    while moment < stop:
        low, high = moment, moment + DAY * 3
        after = _offset(high, zone)
        if before != after:
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
                low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
            found.append((high, before, after))
        moment, before = moment + DAY * 3, after
    return found


def _offset(instant: datetime, zone: ZoneInfo) -> int:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def rrule_times(rule: str, start: datetime, stop: datetime) -> Iterator[datetime]:
    """The local times of an RRULE without COUNT and UNTIL before `stop`, by RFC 5545."""
    parts = dict(part.split("=") for part in rule.split(";"))
    frequency = parts["FREQ"]
    week_start = WEEKDAYS.index(parts.get("WKST", "MO"))
    if not any(f"BY{name}" in parts for name in ("DAY", "MONTHDAY", "YEARDAY")):
        _imply_day(parts, start)
    parts.setdefault("BYMINUTE", str(start.minute))
    if frequency != "HOURLY":
        parts.setdefault("BYHOUR", str(start.hour))
    hours, minutes = _numbers(parts, "BYHOUR") or list(range(24)), _numbers(parts, "BYMINUTE")
    interval = int(parts.get("INTERVAL", "1"))
    chosen = _numbers(parts, "BYSETPOS")
    sets: dict[int, list[datetime]] = {}
    begun = _period(frequency, start.date(), start.hour, week_start)
    day = date(start.year, 1, 1) - DAY * 7
    while day <= stop.date():
        for hour in sorted(hours) if _day_matches(day, parts, week_start) else ():
            period = _period(frequency, day, hour, week_start)
            if (period - begun) % interval == 0:
                times = [
                    datetime(day.year, day.month, day.day, hour, minute)
                    for minute in sorted(minutes)
                ]
                sets.setdefault(period, []).extend(times)
        day += DAY
    for _, times in sorted(sets.items()):
        places = [place - 1 if place > 0 else place for place in chosen] or range(len(times))
        picked = {times[place] for place in places if -len(times) <= place < len(times)}
        yield from (time for time in sorted(picked) if start <= time < stop)


def _imply_day(parts: dict[str, str], start: datetime) -> None:
    match parts["FREQ"]:
        case "YEARLY" if "BYWEEKNO" in parts:
            parts["BYDAY"] = WEEKDAYS[start.weekday()]
        case "YEARLY":
            parts.setdefault("BYMONTH", str(start.month))
            parts["BYMONTHDAY"] = str(start.day)
        case "MONTHLY":
            parts["BYMONTHDAY"] = str(start.day)
        case "WEEKLY":
            parts["BYDAY"] = WEEKDAYS[start.weekday()]
        case _:
            pass


def _numbers(parts: dict[str, str], name: str) -> list[int]:
    return [int(value) for value in parts[name].split(",")] if name in parts else []


def _period(frequency: str, day: date, hour: int, week_start: int) -> int:
    match frequency:
        case "YEARLY":
            return day.year
        case "MONTHLY":
            return day.year * 12 + day.month
        case "WEEKLY":
            return (day.toordinal() - 1 - week_start) // 7
        case "DAILY":
            return day.toordinal()
        case _:
            return day.toordinal() * 24 + hour


def _day_matches(day: date, parts: dict[str, str], week_start: int) -> bool:
    in_year, year_length = day.timetuple().tm_yday, date(day.year, 12, 31).timetuple().tm_yday
    month_length = ((day.replace(day=28) + DAY * 4).replace(day=1) - DAY).day
    checks: list[tuple[str, Sequence[int]]] = [
        ("BYMONTH", (day.month,)),
        ("BYYEARDAY", (in_year, in_year - year_length - 1)),
        ("BYMONTHDAY", (day.day, day.day - month_length - 1)),
    ]
    if any(name in parts and not {*_numbers(parts, name)} & {*own} for name, own in checks):
        return False
    if "BYWEEKNO" in parts and not _week_numbers(day, week_start) & {*_numbers(parts, "BYWEEKNO")}:
        return False
    if "BYDAY" not in parts:
        return True
    by_month = parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts
    place, length = (day.day, month_length) if by_month else (in_year, year_length)
    name = WEEKDAYS[day.weekday()]
    ahead, behind = (place + 6) // 7, (length - place) // 7 + 1
    own = {name, f"{ahead}{name}", f"+{ahead}{name}", f"-{behind}{name}"}
    return bool(own & {*parts["BYDAY"].split(",")})


def _week_numbers(day: date, week_start: int) -> set[int]:
    """The number of the week of `day`, counted from the start and from the end of its year."""
    monday = day - DAY * ((day.weekday() - week_start) % 7)
    fourth = monday + DAY * 3
    number = (fourth.timetuple().tm_yday + 6) // 7
    last = date(fourth.year, 12, 28)
    last_monday = last - DAY * ((last.weekday() - week_start) % 7)
    weeks = ((last_monday + DAY * 3).timetuple().tm_yday + 6) // 7
    return {number, number - weeks - 1}

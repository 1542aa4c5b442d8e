"""How figures of a report are put into words, the same in every form of it."""

from ballast.gate.report.axis import milliseconds
from ballast.gate.report.model import Fault, Interval, LedgerClass, Percentile
from ballast.gate.spending import Spent

UNKNOWN = "not known"


def interval(found: Interval | None) -> str:
    """An estimate with its bounds, such as `12 ms (11 ms to 14 ms)`."""
    if found is None:
        return "no sample"
    lower = milliseconds(found.lower_ms) if found.lower_ms is not None else "no bound"
    upper = milliseconds(found.upper_ms) if found.upper_ms is not None else "no bound"
    return f"{milliseconds(found.estimate_ms)} ({lower} to {upper})"


def change(row: Percentile) -> str:
    """New against old as a share, such as `+4.0 %`."""
    if row.new is None or row.old is None or not row.old.estimate_ms:
        return UNKNOWN
    return f"{row.new.estimate_ms / row.old.estimate_ms - 1:+.1%}"


def detection(fault: Fault) -> str:
    """Seconds from the fault until it showed."""
    return UNKNOWN if fault.detected_after_s is None else f"{fault.detected_after_s:.1f} s"


def recovery(fault: Fault) -> str:
    """Seconds from the fault's end until no request failed any more."""
    if fault.never_recovered:
        return "never"
    return UNKNOWN if fault.recovered_after_s is None else f"{fault.recovered_after_s:.1f} s"


def count(number: int | None) -> str:
    """A count, or that there is none."""
    return "not checked" if number is None else str(number)


def violations(classes: list[LedgerClass]) -> str:
    """All that the ledgers found, such as `2 lost, 1 late`, and what nobody looked for."""
    found = {each.name: each.total for each in classes if each.total is not None}
    broken = [f"{number} {name}" for name, number in found.items() if number]
    said = ", ".join(broken) or (f"none {', '.join(found)}" if found else "")
    missing = ", ".join(each.name for each in classes if each.total is None)
    return "; ".join(part for part in (said, missing and f"not checked: {missing}") if part)


def budget(spent: Spent) -> str:
    """What a run took from one budget."""
    if spent.of_run is None:
        return "no request"
    return f"{spent.bad} bad of {spent.requests}, {spent.allowed:g} allowed: {spent.of_run:.0%}"


def window(spent: Spent) -> str:
    """The same against the environment's 30 days, and what is left there."""
    if spent.missing or spent.of_window is None or spent.remaining is None:
        return f"{UNKNOWN}: {spent.missing or 'no figure'}"
    return f"{spent.of_window:.2%} taken, {spent.remaining:.1%} left"

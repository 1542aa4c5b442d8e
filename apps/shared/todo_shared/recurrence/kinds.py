"""Which language a rule is written in."""

from todo_shared.recurrence.errors import RecurrenceError
from todo_shared.recurrence.policies import RuleKind


def detect_kind(rule: str) -> RuleKind:
    """Cron or RRULE, by the look of it. Raises RecurrenceError when it looks like neither."""
    text = rule.strip().upper()
    if text.startswith(("RRULE", "FREQ=")) or "FREQ=" in text:
        return RuleKind.RRULE
    if text.startswith("@") or len(text.split()) in (5, 6):
        return RuleKind.CRON
    raise RecurrenceError(
        "is neither cron nor RRULE",
        where=f"rule {rule[:80]!r}",
        remedy="write 0 9 * * MON or FREQ=WEEKLY;BYDAY=MO",
    )

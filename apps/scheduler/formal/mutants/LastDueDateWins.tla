---------------------------- MODULE LastDueDateWins ---------------------------
\* The due date delivered last holds, not the one of the newest event.
\* DueDates: NewerDue <- AnyDue; violates NewestDueDateHolds
EXTENDS Reminders

AnyDue(event) == event.due # 0

===============================================================================

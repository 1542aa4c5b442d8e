------------------------------ MODULE MovedFires ------------------------------
\* An owner fires at the time it holds in memory, though the due date was moved.
\* DueDates: MayFire <- WheneverPending; violates NoEarlyFire
EXTENDS Reminders

WheneverPending(o) == o \in Pending

===============================================================================

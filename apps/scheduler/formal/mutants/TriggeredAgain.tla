---------------------------- MODULE TriggeredAgain ----------------------------
\* An owner fires what the other one has fired.
\* Reminders: MayFire <- UnlessCanceled; violates AtMostOneTrigger
EXTENDS Reminders

UnlessCanceled(o) == reminders[o].state # "canceled" /\ now >= reminders[o].due - o

===============================================================================

----------------------------- MODULE CanceledFires ----------------------------
\* An owner fires what it holds in memory, though it was canceled.
\* Reminders: MayFire <- UnlessTriggered; violates NoTriggerAfterCancelAcknowledged
EXTENDS Reminders

UnlessTriggered(o) == reminders[o].state # "triggered" /\ now >= reminders[o].due - o

===============================================================================

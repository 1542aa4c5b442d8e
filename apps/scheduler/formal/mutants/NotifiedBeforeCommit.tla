------------------------- MODULE NotifiedBeforeCommit -------------------------
\* notification-service counts an event as handled before its effect is committed.
\* Reminders: Notify <- CountOnly; violates EveryReminderEnds
EXTENDS Reminders

CountOnly(o, due) ==
  /\ Triggered(o, due) \in log /\ Unseen(Triggered(o, due))
  /\ seen' = seen \cup {Triggered(o, due)}
  /\ UNCHANGED <<now, task, outbox, log, scheduler, notified, left>>

===============================================================================

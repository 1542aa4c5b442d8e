--------------------------- MODULE InboxBeforeEffect --------------------------
\* An event counts as handled before its effect is committed.
\* Reminders: Consume <- ClaimOnly; violates EveryReminderEnds
EXTENDS Reminders

ClaimOnly(event) ==
  /\ Fresh(event)
  /\ inbox' = inbox \cup {event} /\ known' = Merged(event)
  /\ UNCHANGED <<now, task, outbox, log, reminders, heaps, acknowledged, triggers, early,
                 notifications, left>>

===============================================================================

------------------------------ MODULE StoredAgain -----------------------------
\* A repeated event stores its reminders again.
\* Reminders: Consume <- StoreAgain; violates NoTriggerAfterCancelAcknowledged
EXTENDS Reminders

StoreAgain(event) ==
  /\ event.name = "task.created" /\ known.state # "ended"
  /\ Follow(event.due)
  /\ inbox' = inbox \cup {event} /\ known' = Merged(event)
  /\ UNCHANGED <<now, task, log, heaps, triggers, early, notifications, left>>

===============================================================================

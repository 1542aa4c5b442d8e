------------------------ MODULE DeletedBeforePublished ------------------------
\* The relay deletes an event before the broker has acknowledged it.
\* Reminders: Publish <- DeleteThenPublish; violates NothingUnannounced
EXTENDS Reminders

DeleteThenPublish ==
  /\ \E event \in outbox : outbox' = outbox \ {event} /\ log' \in {log, log \cup {event}}
  /\ UNCHANGED <<now, task, scheduler, notifications, left>>

===============================================================================

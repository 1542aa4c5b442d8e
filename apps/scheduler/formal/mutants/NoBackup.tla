------------------------------- MODULE NoBackup -------------------------------
\* Only the primary owner loads reminders, and it may stop for good.
\* Reminders: Load <- LoadPrimary; violates EveryReminderEnds
EXTENDS Reminders

LoadPrimary(w, o) ==
  /\ w = Primary /\ o \in Pending /\ heaps[w][o] # reminders[o].due
  /\ heaps' = [heaps EXCEPT ![w][o] = reminders[o].due]
  /\ UNCHANGED <<now, task, outbox, log, inbox, known, reminders, acknowledged, triggers, early,
                 notifications, left>>

===============================================================================

----------------------- MODULE OutboxOutsideTransaction -----------------------
\* The outbox is written after the commit, and a crash may come between.
\* Reminders: Announce <- AnnounceOrCrash; violates NothingUnannounced
EXTENDS Reminders

AnnounceOrCrash(events) == outbox' \in {outbox, outbox \cup events}

===============================================================================

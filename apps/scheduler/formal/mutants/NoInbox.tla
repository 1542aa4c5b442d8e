-------------------------------- MODULE NoInbox -------------------------------
\* notification-service has no inbox: a repeated event notifies again.
\* Reminders: Unseen <- NeverSeen; violates OnceEffect
EXTENDS Reminders

NeverSeen(event) == TRUE

===============================================================================

------------------------- MODULE CancellationForgotten ------------------------
\* A cancellation that arrives before task.created is not remembered.
\* Reminders: NewerState <- AnyState; violates NoTriggerAfterCancelAcknowledged
EXTENDS Reminders

AnyState(event) == TRUE

===============================================================================

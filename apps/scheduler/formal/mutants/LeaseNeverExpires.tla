--------------------------- MODULE LeaseNeverExpires --------------------------
\* The lease of a replica that died is never taken over.
\* GenerationLiveness: LoseLease <- Never, Edits = 0; violates EveryOccurrenceMade
EXTENDS Generation

Never == FALSE /\ UNCHANGED vars

===============================================================================

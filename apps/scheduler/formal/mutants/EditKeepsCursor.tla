---------------------------- MODULE EditKeepsCursor ---------------------------
\* Also for another rule the later of both cursors holds.
\* Generation: SameRule <- AnyRule; violates NoSkippedInstance
EXTENDS Generation

AnyRule(event) == series.version > 0

===============================================================================

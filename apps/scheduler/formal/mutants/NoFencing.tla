------------------------------- MODULE NoFencing ------------------------------
\* The cursor is moved without comparing fence and cursor: a late replica overwrites it.
\* Generation: Holds <- AlwaysHolds; violates NoSkippedInstance
EXTENDS Generation

AlwaysHolds(r) == TRUE

===============================================================================

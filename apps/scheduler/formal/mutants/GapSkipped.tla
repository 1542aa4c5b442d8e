------------------------------ MODULE GapSkipped ------------------------------
\* A time in the gap is left out, although the policy moves it.
\* Generation: Expansion <- WithoutGap; violates NoSkippedInstance
EXTENDS Generation

WithoutGap(rule, wanted) == Promised(rule, [wanted EXCEPT !.gap = "skip"])

===============================================================================

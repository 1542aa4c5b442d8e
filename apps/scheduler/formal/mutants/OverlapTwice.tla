----------------------------- MODULE OverlapTwice -----------------------------
\* A time in the overlap happens in both passes, although the policy wants one.
\* Generation: Expansion <- BothPasses, Edits = 0, Crashes = 0; violates NoDuplicateInstance
EXTENDS Generation

BothPasses(rule, wanted) == Promised(rule, [wanted EXCEPT !.overlap = "both"])

===============================================================================

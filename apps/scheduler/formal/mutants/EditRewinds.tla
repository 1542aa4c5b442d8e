------------------------------ MODULE EditRewinds -----------------------------
\* A new rule begins with its first key, also where that is past.
\* Generation: CursorAfter <- FromTheFirstKey; violates EditAffectsOnlyLater
EXTENDS Generation

FromTheFirstKey(event) == First(Expansion(event.rule, policy))

===============================================================================

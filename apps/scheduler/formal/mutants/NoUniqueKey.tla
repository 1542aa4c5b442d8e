------------------------------ MODULE NoUniqueKey -----------------------------
\* Instances have no unique key: a repeated request makes another one.
\* Generation: Known <- NeverKnown; violates NoDuplicateInstance
EXTENDS Generation

NeverKnown(request) == FALSE

===============================================================================

----------------------------- MODULE InstantAsKey -----------------------------
\* Instances are unique by instant: newer zone data make another one of the same occurrence.
\* Zones: Known <- KnownInstant; violates NoDuplicateInstance
EXTENDS Generation

KnownInstant(request) == \E made \in instances : made.instant = Instant(request.key, zone)

===============================================================================

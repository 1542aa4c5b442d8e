---------------------------- MODULE FenceNotCounted ---------------------------
\* A lease is taken over without counting the fence up: two claims look the same.
\* Generation: NewFence <- SameFence; violates FenceIdentifiesClaim
EXTENDS Generation

SameFence == series.fence

===============================================================================

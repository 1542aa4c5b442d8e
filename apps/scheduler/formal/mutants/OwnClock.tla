------------------------------- MODULE OwnClock -------------------------------
\* A replica whose clock is ahead decides by itself what is due.
\* Generation: IsDue <- DueByOwnClock; violates NoEarlyFire
EXTENDS Generation

DueByOwnClock(key) == Instant(key, zone) <= now + 1

===============================================================================

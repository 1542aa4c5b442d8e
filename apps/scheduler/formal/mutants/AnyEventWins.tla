----------------------------- MODULE AnyEventWins -----------------------------
\* The projection takes the event delivered last, not the newest version.
\* Edits: Newer <- Another, Edits = 1, Rules = {{1}}; violates EveryOccurrenceMade
EXTENDS Generation

Another(event) == event.version # series.version

===============================================================================

-------------------------- MODULE CursorBeforeInsert --------------------------
\* The cursor is moved before the instance is made.
\* Generation: Serve <- AdvanceThenServe; violates NoSkippedInstance
EXTENDS Generation

AdvanceThenServe(r) ==
  \/ /\ replicas[r].step = "claimed" /\ Holds(r)
     /\ series' = [series EXCEPT !.cursor = replicas[r].next]
     /\ UNCHANGED <<now, zone, policy, template, events, replicas, requests, instances, left>>
  \/ /\ replicas[r].step = "claimed" /\ ~Holds(r)
     /\ Insert(Request(r))
     /\ replicas' = [replicas EXCEPT ![r].step = Answer(Request(r))]
     /\ UNCHANGED <<now, zone, policy, events, series, requests, left>>

===============================================================================

------------------------------ MODULE Generation ------------------------------
(* Instances of one recurring task. task-service owns the template and makes   *)
(* the instances; the scheduler keeps a projection with a cursor, the series,  *)
(* which its replicas claim, ask task-service about, and move on.              *)
EXTENDS Calendar

CONSTANTS Replicas, None, Rules, Policies, Crashes, EarlyTakeovers, Edits, ZoneUpdates

VARIABLES now, zone, policy,  \* the clock of the databases, zone data, policy of the template
          template, events,   \* task-service: the template, and every event about it so far
          series,             \* scheduler: the row with cursor, fence and lease
          replicas,           \* scheduler: what each process is doing
          requests,           \* requests to task-service; each may still arrive, or arrive again
          instances,          \* task-service: the instances made
          left                \* how often things may still go wrong

vars == <<now, zone, policy, template, events, series, replicas, requests, instances, left>>

Idle == [step |-> "idle", fence |-> 0, key |-> End, next |-> End, version |-> 0]
Dead == [Idle EXCEPT !.step = "dead"]
Working(r) == replicas[r].step \in {"claimed", "made", "refused"}

(* Only whether two fences are equal matters, so the smallest number that is   *)
(* not in use stands for the next one of an endless sequence.                  *)
Fences == 0..(Cardinality(Replicas) + 1)
NewFence ==
  LET used == {series.fence} \cup {replicas[r].fence : r \in {s \in Replicas : Working(s)}}
  IN CHOOSE fence \in Fences \ used : \A other \in Fences \ used : fence <= other

AllPolicies == [gap : {"shift", "skip"}, overlap : {"first", "second", "both"}]
ShiftAndFirst == {[gap |-> "shift", overlap |-> "first"]}

FirstAfter(rule, instant) ==
  First({key \in Expansion(rule, policy) : Instant(key, zone) > instant})

-------------------------------------------------------------------------------
(* task-service: the template *)

(* `first` is the key with which the schedule in force began, `next` the one   *)
(* after the latest instance. Another title keeps both; another rule, or the   *)
(* end of a pause, begins with the first key still to come.                    *)
NewVersion == [template EXCEPT !.version = @ + 1]
Paused == [NewVersion EXCEPT !.active = FALSE, !.next = End]
Scheduled(rule) ==
  [version |-> template.version + 1, rule |-> rule, active |-> TRUE,
   first |-> FirstAfter(rule, now), next |-> FirstAfter(rule, now)]

Changes ==
  {NewVersion, Paused}
    \cup {Scheduled(rule) : rule \in {other \in Rules : other # template.rule \/ ~template.active}}

Edit ==
  /\ left.edits > 0
  /\ left' = [left EXCEPT !.edits = @ - 1]
  /\ template' \in Changes
  /\ events' = events \cup {template'}
  /\ UNCHANGED <<now, zone, policy, series, replicas, requests, instances>>

(* task-service: the instances *)

Accepted(request) == template.active /\ request.version = template.version
Known(request) == \E made \in instances : made.key = request.key

(* `early` and `stale` say what was wrong at the moment of the insert. *)
Instance(request) ==
  [key     |-> request.key,
   copy    |-> Cardinality({made \in instances : made.key = request.key}),
   instant |-> Instant(request.key, zone),
   early   |-> \A known \in 0..zone : now < Instant(request.key, known),
   stale   |-> request.version # template.version \/ Before(request.key, template.first)]

(* The instance, its event, and the template moved on, in one transaction. *)
Insert(request) ==
  IF Accepted(request) /\ ~Known(request)
  THEN /\ instances' = instances \cup {Instance(request)}
       /\ template' = [template EXCEPT !.next = Later(@, request.next)]
  ELSE UNCHANGED <<instances, template>>

Answer(request) == IF Known(request) \/ Accepted(request) THEN "made" ELSE "refused"

(* A request arrives once more, or after its sender has given up. *)
ServeLate ==
  /\ \E request \in requests : Insert(request)
  /\ UNCHANGED <<now, zone, policy, events, series, replicas, requests, left>>

-------------------------------------------------------------------------------
(* scheduler: the projection of recurring-task.created and .updated *)

Newer(event) == event.version > series.version

(* With the same rule the later of both cursors holds, which also passes over  *)
(* what came during a pause; another rule begins where its event says.         *)
SameRule(event) == series.version > 0 /\ event.rule = series.rule

CursorAfter(event) ==
  IF ~event.active THEN (IF SameRule(event) THEN series.cursor ELSE End)
  ELSE IF SameRule(event) /\ series.cursor # End THEN Later(series.cursor, event.next)
  ELSE event.next

(* Events come in any order and repeatedly; the last version wins. *)
Project ==
  \E event \in events :
    /\ Newer(event)
    /\ series' = [version |-> event.version, rule |-> event.rule, first |-> event.first,
                  active |-> event.active, cursor |-> CursorAfter(event),
                  fence |-> NewFence, lease |-> None]
    /\ UNCHANGED <<now, zone, policy, template, events, replicas, requests, instances, left>>

(* scheduler: the replicas *)

Request(r) ==
  [key |-> replicas[r].key, next |-> replicas[r].next, version |-> replicas[r].version]

IsDue(key) == Instant(key, zone) <= now

(* At work on a key; from here on the request may be under way. *)
Take(r, fence, key) ==
  LET next == Next(key, series.rule, policy) IN
    /\ replicas' = [replicas EXCEPT ![r] = [step |-> "claimed", fence |-> fence, key |-> key,
                                            next |-> next, version |-> series.version]]
    /\ requests' = requests \cup {[key |-> key, next |-> next, version |-> series.version]}

(* UPDATE series SET fence = fence + 1, leased_until = ... WHERE due and not leased. *)
Claim(r) ==
  /\ replicas[r].step = "idle"
  /\ series.active /\ series.lease = None /\ series.cursor # End /\ IsDue(series.cursor)
  /\ series' = [series EXCEPT !.fence = NewFence, !.lease = r]
  /\ Take(r, NewFence, series.cursor)
  /\ UNCHANGED <<now, zone, policy, template, events, instances, left>>

(* task-service serves the request and its answer arrives. *)
Serve(r) ==
  /\ replicas[r].step = "claimed"
  /\ Insert(Request(r))
  /\ replicas' = [replicas EXCEPT ![r].step = Answer(Request(r))]
  /\ UNCHANGED <<now, zone, policy, events, series, requests, left>>

Holds(r) == series.fence = replicas[r].fence /\ series.cursor = replicas[r].key

(* UPDATE series SET next_key = ... WHERE fence = mine and next_key = mine.     *)
(* The lease is given back, or kept to catch up with the next key.             *)
Advance(r) ==
  /\ replicas[r].step = "made"
  /\ IF Holds(r)
     THEN \/ /\ series' = [series EXCEPT !.cursor = replicas[r].next, !.lease = None]
             /\ replicas' = [replicas EXCEPT ![r] = Idle]
             /\ UNCHANGED requests
          \/ /\ replicas[r].next # End /\ IsDue(replicas[r].next)
             /\ series' = [series EXCEPT !.cursor = replicas[r].next, !.lease = r]
             /\ Take(r, replicas[r].fence, replicas[r].next)
     ELSE replicas' = [replicas EXCEPT ![r] = Idle] /\ UNCHANGED <<series, requests>>
  /\ UNCHANGED <<now, zone, policy, template, events, instances, left>>

GiveUp(r) ==
  /\ replicas[r].step = "refused"
  /\ series' = IF series.fence = replicas[r].fence THEN [series EXCEPT !.lease = None] ELSE series
  /\ replicas' = [replicas EXCEPT ![r] = Idle]
  /\ UNCHANGED <<now, zone, policy, template, events, requests, instances, left>>

(* The lease of a replica that stopped runs out. It may also be taken from one *)
(* that still works, because it was slow or because clocks differ.             *)
LoseLease ==
  /\ series.lease # None
  /\ series' = [series EXCEPT !.lease = None]
  /\ IF Working(series.lease) /\ replicas[series.lease].fence = series.fence
     THEN left.takeovers > 0 /\ left' = [left EXCEPT !.takeovers = @ - 1]
     ELSE left' = left
  /\ UNCHANGED <<now, zone, policy, template, events, replicas, requests, instances>>

(* One replica may stop at any point, and need not come back. *)
Crash(r) ==
  /\ left.crashes > 0
  /\ replicas[r].step # "dead" /\ \E other \in Replicas \ {r} : replicas[other].step # "dead"
  /\ replicas' = [replicas EXCEPT ![r] = Dead]
  /\ left' = [left EXCEPT !.crashes = @ - 1]
  /\ UNCHANGED <<now, zone, policy, template, events, series, requests, instances>>

Restart(r) ==
  /\ replicas[r].step = "dead"
  /\ replicas' = [replicas EXCEPT ![r] = Idle]
  /\ UNCHANGED <<now, zone, policy, template, events, series, requests, instances, left>>

-------------------------------------------------------------------------------

Tick ==
  /\ now < Horizon
  /\ now' = now + 1
  /\ UNCHANGED <<zone, policy, template, events, series, replicas, requests, instances, left>>

UpdateZoneData ==
  /\ zone < ZoneUpdates
  /\ zone' = zone + 1
  /\ UNCHANGED <<now, policy, template, events, series, replicas, requests, instances, left>>

Init ==
  /\ now = 0 /\ zone = 0
  /\ policy \in Policies
  /\ \E rule \in Rules :
       template = [version |-> 1, rule |-> rule, active |-> TRUE,
                   first |-> FirstAfter(rule, 0), next |-> FirstAfter(rule, 0)]
  /\ events = {template}
  /\ series = [version |-> 0, rule |-> {}, first |-> End, active |-> FALSE,
               cursor |-> End, fence |-> 0, lease |-> None]
  /\ replicas = [r \in Replicas |-> Idle]
  /\ requests = {} /\ instances = {}
  /\ left = [crashes |-> Crashes, takeovers |-> EarlyTakeovers, edits |-> Edits]

Proceed ==
  \/ Tick \/ LoseLease
  \/ \E r \in Replicas : Claim(r) \/ Serve(r) \/ Advance(r) \/ GiveUp(r)

Step ==
  \/ Proceed \/ Project \/ Edit \/ ServeLate \/ UpdateZoneData
  \/ \E r \in Replicas : Crash(r) \/ Restart(r)

(* Nobody has to edit, crash or come back. Of what can go on something does,   *)
(* and events are delivered.                                                   *)
Fairness == WF_vars(Proceed) /\ WF_vars(Project)

Spec == Init /\ [][Step]_vars /\ Fairness

-------------------------------------------------------------------------------

NoDuplicateInstance ==
  \A nominal \in Nominals :
    Cardinality({made \in instances : made.key[1] = nominal}) <= Cardinality(Folds(nominal, policy))

(* The cursor passes no key of the schedule in force that has no instance. *)
NoSkippedInstance ==
  series.active =>
    \A key \in Promised(series.rule, policy) :
      ~Before(key, series.first) /\ Before(key, series.cursor)
        => \E made \in instances : made.key = key

NoEarlyFire == \A made \in instances : ~made.early

(* Every instance was made from the template in force, and from no key before  *)
(* the schedule in force began.                                                *)
EditAffectsOnlyLater == \A made \in instances : ~made.stale

FenceIdentifiesClaim ==
  \A r, s \in Replicas :
    r # s /\ Working(r) /\ Working(s) => replicas[r].fence # replicas[s].fence

Owed(key) ==
  /\ template.active /\ key \in Promised(template.rule, policy)
  /\ ~Before(key, template.first) /\ IsDue(key)

(* Changes come to an end, so "again and again nothing is owed" means that     *)
(* every occurrence that stays owed gets its instance.                         *)
EveryOccurrenceMade ==
  []<>(\A key \in Keys : Owed(key) => \E made \in instances : made.key = key)

===============================================================================

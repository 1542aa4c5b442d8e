------------------------------- MODULE Calendar -------------------------------
(* Nominal local times over one change of the clocks in each direction.        *)
(* A key is a nominal local time with its fold: the second element is 1 for    *)
(* the second pass through an overlap. Keys are ordered as the local clock     *)
(* shows them; instants are ticks of the real clock.                           *)
EXTENDS Integers, FiniteSets

Ordinary == 1
InGap == 2
InOverlap == 3
Nominals == {Ordinary, InGap, InOverlap}
Keys == Nominals \X {0, 1}
End == <<4, 0>>
Horizon == 4

Before(a, b) == a[1] < b[1] \/ (a[1] = b[1] /\ a[2] < b[2])
Later(a, b) == IF Before(a, b) THEN b ELSE a

(* Newer zone data (`zone` = 1) move the ordinary time onto the instant of the *)
(* one in the gap: a key stays what it is, its instant does not.               *)
Instant(key, zone) ==
  CASE key[1] = Ordinary  -> 1 + zone
    [] key[1] = InGap     -> 2
    [] key[1] = InOverlap -> 3 + key[2]

(* The passes in which the policy wants a nominal time to happen. *)
Folds(nominal, policy) ==
  CASE nominal = Ordinary  -> {0}
    [] nominal = InGap     -> IF policy.gap = "skip" THEN {} ELSE {0}
    [] nominal = InOverlap -> CASE policy.overlap = "first"  -> {0}
                                [] policy.overlap = "second" -> {1}
                                [] policy.overlap = "both"   -> {0, 1}

(* What the user is promised: the keys of a rule, which is a set of nominal times. *)
Promised(rule, policy) == {key \in Keys : key[1] \in rule /\ key[2] \in Folds(key[1], policy)}

(* What the services compute from the rule. It has to be what is promised. *)
Expansion(rule, policy) == Promised(rule, policy)

First(keys) ==
  IF keys = {} THEN End
  ELSE CHOOSE key \in keys : \A other \in keys : key = other \/ Before(key, other)

Next(key, rule, policy) == First({other \in Expansion(rule, policy) : Before(key, other)})

===============================================================================

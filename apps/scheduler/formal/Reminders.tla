------------------------------- MODULE Reminders ------------------------------
(* The reminders of one task, from the events that tell of the task to the     *)
(* notification of its user. Every service changes its rows and its outbox in  *)
(* one transaction; everything between services is delivered at least once, in *)
(* any order.                                                                  *)
EXTENDS Integers, FiniteSets

CONSTANTS Primary, Backup,  \* the two owners that fire reminders; each may stop
          Offsets, DueDates,\* how long before the due date to remind, and due dates to choose from
          Moves, Crashes    \* how often the due date may change, and an owner stop

VARIABLES now, task,        \* the clock of the databases; task-service: the task
          outbox, log,      \* events not yet published; events published so far
          inbox, known,     \* scheduler: events handled; the task as they tell it
          reminders,        \* scheduler: the latest reminder of each offset
          heaps,            \* scheduler: for which due date each owner holds it in memory, or 0
          acknowledged,     \* reminders of which somebody was told that they are canceled
          triggers, early,  \* how often each was triggered; those triggered too early
          seen, notified,   \* notification-service: events handled; notifications of each reminder
          left              \* how often things may still change

scheduler == <<inbox, known, reminders, heaps, acknowledged, triggers, early>>
notifications == <<seen, notified>>
vars == <<now, task, outbox, log, scheduler, notifications, left>>

Owners == {Primary, Backup}
Horizon == CHOOSE latest \in DueDates : \A due \in DueDates : due <= latest

(* A reminder, by the offset and the due date for which it was triggered. *)
Reminder(o, due) == <<o, due>>
AllReminders == Offsets \X DueDates

(* `seq` orders the events of a user; `due` is 0 where an event does not tell it. *)
Event(name, seq, due, o) == [name |-> name, seq |-> seq, due |-> due, offset |-> o]
Triggered(o, due) == Event("reminder.triggered", 0, due, o)
Canceled(o, due) == Event("reminder.canceled", 0, due, o)

Announce(events) == outbox' = outbox \cup events

-------------------------------------------------------------------------------
(* task-service *)

Told(name) == Announce({Event(name, task'.seq, task'.due, 0)})

CreateTask ==
  /\ task.state = "none"
  /\ \E due \in DueDates : task' = [state |-> "live", due |-> due, seq |-> 1]
  /\ Told("task.created")
  /\ UNCHANGED <<now, log, scheduler, notifications, left>>

MoveTask ==
  /\ task.state = "live" /\ left.moves > 0
  /\ \E due \in DueDates \ {task.due} :
       task' = [state |-> "live", due |-> due, seq |-> task.seq + 1]
  /\ Told("task.updated")
  /\ left' = [left EXCEPT !.moves = @ - 1]
  /\ UNCHANGED <<now, log, scheduler, notifications>>

(* task.completed or task.deleted *)
EndTask ==
  /\ task.state = "live"
  /\ task' = [state |-> "ended", due |-> 0, seq |-> task.seq + 1]
  /\ Told("task.ended")
  /\ UNCHANGED <<now, log, scheduler, notifications, left>>

(* The relays. One that stops after publishing publishes again: that is no     *)
(* other state, because what is in the log may be delivered again at any time. *)
Publish ==
  /\ \E event \in outbox : outbox' = outbox \ {event} /\ log' = log \cup {event}
  /\ UNCHANGED <<now, task, scheduler, notifications, left>>

-------------------------------------------------------------------------------
(* scheduler: the consumer of the events of tasks *)

TaskEvents == {event \in log : event.name \in {"task.created", "task.updated", "task.ended"}}
Fresh(event) == event \notin inbox
NewerState(event) == event.seq > known.stateSeq
NewerDue(event) == event.due # 0 /\ event.seq > known.dueSeq

(* Each field keeps the number of the event that set it. A task that ended     *)
(* before its creation arrives has ended all the same.                         *)
Merged(event) ==
  [due      |-> IF NewerDue(event) THEN event.due ELSE known.due,
   dueSeq   |-> IF NewerDue(event) THEN event.seq ELSE known.dueSeq,
   state    |-> IF event.name = "task.updated" \/ ~NewerState(event) THEN known.state
                ELSE IF event.name = "task.ended" THEN "ended" ELSE "open",
   stateSeq |-> IF event.name = "task.updated" \/ ~NewerState(event) THEN known.stateSeq
                ELSE event.seq]

Pending == {o \in Offsets : reminders[o].state = "pending"}

CancelAll ==
  /\ reminders' = [o \in Offsets |-> [reminders[o] EXCEPT !.state =
                                        IF o \in Pending THEN "canceled" ELSE @]]
  /\ Announce({Canceled(o, reminders[o].due) : o \in Pending})
  /\ acknowledged' = acknowledged \cup {each \in AllReminders : triggers[each] = 0}

(* Pending reminders move; offsets without one get one, unless it was triggered for this date. *)
WasTriggeredFor(o, due) == reminders[o] = [state |-> "triggered", due |-> due]
Follow(due) ==
  /\ reminders' = [o \in Offsets |-> IF WasTriggeredFor(o, due) THEN reminders[o]
                                     ELSE [state |-> "pending", due |-> due]]
  /\ UNCHANGED <<outbox, acknowledged>>

Consume(event) ==
  /\ Fresh(event)
  /\ inbox' = inbox \cup {event}
  /\ known' = Merged(event)
  /\ IF known' # known /\ known'.state = "ended" THEN CancelAll
     ELSE IF known'.dueSeq # known.dueSeq THEN Follow(known'.due)
     ELSE UNCHANGED <<reminders, outbox, acknowledged>>
  /\ UNCHANGED <<now, task, log, heaps, triggers, early, notifications, left>>

Receive == \E event \in TaskEvents : Consume(event)

(* The user cancels a reminder; one that was triggered is refused. *)
CancelOne(o) ==
  /\ o \in Pending
  /\ reminders' = [reminders EXCEPT ![o].state = "canceled"]
  /\ Announce({Canceled(o, reminders[o].due)})
  /\ acknowledged' = acknowledged \cup {Reminder(o, reminders[o].due)}
  /\ UNCHANGED <<now, task, log, inbox, known, heaps, triggers, early, notifications, left>>

(* scheduler: owners *)

Load(w, o) ==
  /\ o \in Pending /\ heaps[w][o] # reminders[o].due
  /\ heaps' = [heaps EXCEPT ![w][o] = reminders[o].due]
  /\ UNCHANGED <<now, task, outbox, log, inbox, known, reminders, acknowledged, triggers, early,
                 notifications, left>>

MayFire(o) == o \in Pending /\ now >= reminders[o].due - o

(* When its time has come by what the owner has in memory: UPDATE reminders    *)
(* SET status = 'triggered' WHERE status = 'pending' AND trigger_time <= now() *)
(* with the outbox row. One that was moved meanwhile is loaded again.          *)
Fire(w, o) ==
  /\ heaps[w][o] # 0 /\ now >= heaps[w][o] - o
  /\ heaps' = [heaps EXCEPT ![w][o] = 0]
  /\ IF MayFire(o)
     THEN LET fired == Reminder(o, reminders[o].due) IN
          /\ reminders' = [reminders EXCEPT ![o].state = "triggered"]
          /\ triggers' = [triggers EXCEPT ![fired] = @ + 1]
          /\ early' = IF now < reminders[o].due - o THEN early \cup {fired} ELSE early
          /\ Announce({Triggered(o, reminders[o].due)})
     ELSE UNCHANGED <<reminders, triggers, early, outbox>>
  /\ UNCHANGED <<now, task, log, inbox, known, acknowledged, notifications, left>>

Crash(w) ==
  /\ left.crashes > 0 /\ \E o \in Offsets : heaps[w][o] # 0
  /\ left' = [left EXCEPT !.crashes = @ - 1]
  /\ heaps' = [heaps EXCEPT ![w] = [o \in Offsets |-> 0]]
  /\ UNCHANGED <<now, task, outbox, log, inbox, known, reminders, acknowledged, triggers, early,
                 notifications>>

-------------------------------------------------------------------------------
(* notification-service *)

Unseen(event) == event \notin seen

Notify(o, due) ==
  /\ Triggered(o, due) \in log /\ Unseen(Triggered(o, due))
  /\ seen' = seen \cup {Triggered(o, due)}
  /\ notified' = [notified EXCEPT ![Reminder(o, due)] = @ + 1]
  /\ UNCHANGED <<now, task, outbox, log, scheduler, left>>

-------------------------------------------------------------------------------

Tick ==
  /\ now < Horizon
  /\ now' = now + 1
  /\ UNCHANGED <<task, outbox, log, scheduler, notifications, left>>

Init ==
  /\ now = 0 /\ task = [state |-> "none", due |-> 0, seq |-> 0]
  /\ left = [moves |-> Moves, crashes |-> Crashes]
  /\ outbox = {} /\ log = {} /\ inbox = {} /\ seen = {} /\ acknowledged = {} /\ early = {}
  /\ known = [due |-> 0, dueSeq |-> 0, state |-> "open", stateSeq |-> 0]
  /\ reminders = [o \in Offsets |-> [state |-> "none", due |-> 0]]
  /\ triggers = [each \in AllReminders |-> 0]
  /\ notified = [each \in AllReminders |-> 0]
  /\ heaps = [w \in Owners |-> [o \in Offsets |-> 0]]

(* What has to go on: of the primary owner nothing is asked, it may stop for good. *)
Proceed ==
  \/ Tick \/ Publish \/ Receive
  \/ \E o \in Offsets : \/ Load(Backup, o) \/ Fire(Backup, o)
                        \/ \E due \in DueDates : Notify(o, due)

Step ==
  \/ Proceed \/ CreateTask \/ MoveTask \/ EndTask
  \/ \E o \in Offsets : CancelOne(o) \/ Load(Primary, o) \/ Fire(Primary, o)
  \/ \E w \in Owners : Crash(w)

Fairness == WF_vars(Proceed)

Spec == Init /\ [][Step]_vars /\ Fairness

-------------------------------------------------------------------------------

NoEarlyFire == early = {}

AtMostOneTrigger == \A each \in AllReminders : triggers[each] <= 1

NoTriggerAfterCancelAcknowledged == \A each \in acknowledged : triggers[each] = 0

OnceEffect == \A each \in AllReminders : notified[each] <= 1

(* Whatever the order of delivery, the due date is that of the newest event. *)
NewestDueDateHolds ==
  \A event \in inbox :
    event.due # 0 => event.seq < known.dueSeq \/ (event.seq = known.dueSeq /\ event.due = known.due)

(* Whatever happened is in an outbox or published. *)
NothingUnannounced ==
  LET announced == outbox \cup log
      Has(name, seq) == \E event \in announced : event.name = name /\ event.seq = seq
  IN /\ \A seq \in 1..task.seq :
          Has("task.created", seq) \/ Has("task.updated", seq) \/ Has("task.ended", seq)
     /\ \A o \in Offsets :
          /\ reminders[o].state = "triggered" => Triggered(o, reminders[o].due) \in announced
          /\ reminders[o].state = "canceled" => Canceled(o, reminders[o].due) \in announced

(* Changes come to an end, so "again and again" means "in the end": nothing is *)
(* pending, what was triggered is notified, and of a live task every reminder  *)
(* is that of its due date.                                                    *)
EveryReminderEnds ==
  []<>(/\ Pending = {}
       /\ \A each \in AllReminders : triggers[each] <= notified[each]
       /\ task.state = "live" =>
            \A o \in Offsets : /\ reminders[o].state \in {"triggered", "canceled"}
                               /\ reminders[o].due = task.due)

===============================================================================

"""The event ledger: every acknowledged create has exactly one delivery, and nothing else has one.

A create that was never acknowledged may or may not have happened: its effect is neither demanded
nor held against the system.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ballast.gate.verdict import Outcome, Verdict

LEDGER_CHECK = "ledger/task-created"
SHOWN = 3


@dataclass(frozen=True)
class Attempt:
    """One create: its unique title, the task id when it was acknowledged, and whose it is."""

    key: str
    task_id: str = ""
    user: int = 0


@dataclass(frozen=True)
class Effect:
    """One delivery record of a created task, and the user who was shown it."""

    record_id: str
    task_id: str
    user: int = 0


@dataclass(frozen=True)
class Ledger:
    """Task ids (or record ids for phantoms) by what became of them."""

    acknowledged: int
    unacknowledged: int
    matched: int
    lost: tuple[str, ...]
    duplicated: tuple[str, ...]
    phantom: tuple[str, ...]


def match(
    attempts: Iterable[Attempt], effects: Iterable[Effect], titles: Mapping[str, str]
) -> Ledger:
    """Match creates with deliveries. `titles` names the title of every task that exists now.

    A delivery belongs to an acknowledged create by its task id, or to an unacknowledged one by the
    title of its task; one that belongs to neither is a phantom, and so is one that a stranger was
    shown: its owner has none by that. A second task for one title is a
    duplicate too: a retry has made the same create twice.
    """
    tried = list(attempts)
    acknowledged = {attempt.task_id: attempt.user for attempt in tried if attempt.task_id}
    unsure = {attempt.key for attempt in tried if not attempt.task_id}
    counted: Counter[str] = Counter()
    phantom: set[str] = set()
    for effect in effects:
        if acknowledged.get(effect.task_id, effect.user) == effect.user:
            counted[effect.task_id] += 1
        else:
            phantom.add(effect.task_id)
    phantom |= {
        task_id
        for task_id in counted
        if task_id not in acknowledged and titles.get(task_id) not in unsure
    }
    duplicated = {task_id for task_id, count in counted.items() if count > 1}
    tasks_of_title = Counter(titles.values())
    duplicated |= {
        task_id for task_id, title in titles.items() if tasks_of_title[title] > 1 and title
    }
    lost = [task_id for task_id in acknowledged if not counted[task_id]]
    return Ledger(
        acknowledged=len(acknowledged),
        unacknowledged=len(unsure),
        matched=sum(counted[task_id] == 1 for task_id in acknowledged),
        lost=tuple(sorted(lost)),
        duplicated=tuple(sorted(duplicated - phantom)),
        phantom=tuple(sorted(phantom)),
    )


def judge_ledger(ledger: Ledger) -> Verdict:
    """FAIL on any lost, duplicated or phantom effect; VACUOUS when nothing was acknowledged."""
    figures = {
        "acknowledged": ledger.acknowledged,
        "unacknowledged": ledger.unacknowledged,
        "matched": ledger.matched,
        "lost": len(ledger.lost),
        "duplicated": len(ledger.duplicated),
        "phantom": len(ledger.phantom),
    }
    broken = [
        f"{len(ids)} {name} ({', '.join(ids[:SHOWN])}{', …' if len(ids) > SHOWN else ''})"
        for name, ids in (
            ("lost", ledger.lost),
            ("duplicated", ledger.duplicated),
            ("phantom", ledger.phantom),
        )
        if ids
    ]
    if broken:
        reason = f"of {ledger.acknowledged} acknowledged creates: {', '.join(broken)}"
        return Verdict(LEDGER_CHECK, Outcome.FAIL, reason, dict(figures))
    if not ledger.acknowledged:
        reason = "no create was acknowledged, so there was nothing to lose"
        return Verdict(LEDGER_CHECK, Outcome.VACUOUS, reason, dict(figures))
    reason = f"{ledger.acknowledged} acknowledged creates, each delivered exactly once"
    return Verdict(LEDGER_CHECK, Outcome.PASS, reason, dict(figures))

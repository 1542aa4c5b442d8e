"""The old release in a run: where it answers, when its comparison may end, what it is compared to.

It is a measure and is not judged: the objectives, the experiment and the ledger are of the new one.
"""

import time
from collections.abc import Callable, Sequence

from ballast.errors import BallastError
from ballast.gate.load import LoadRun, OldRelease
from ballast.gate.plan import Plan
from ballast.gate.regression import judge_regression, timings_of
from ballast.gate.samples import Sample, read_samples
from ballast.gate.tokens import Identity, mint
from ballast.gate.verdict import Outcome, Verdict

ANSWERS_SECONDS = 3.0  # within which a block's answers have come, before a look at it
REST_OF_RUN_SECONDS = 1800.0


def tokens_of(run: str, plan: Plan, issuer: Identity) -> list[str]:
    """A token for each user of a run, valid until its effects have been read back."""
    lifetime = plan.shape.judged_seconds + REST_OF_RUN_SECONDS
    return [mint(issuer, f"gate-{run}-{user}", lifetime) for user in range(plan.shape.users)]


def old_release(run: str, plan: Plan, site: tuple[str, Identity] | None) -> OldRelease | None:
    """The old release with its own tokens; None when the plan compares with none."""
    if plan.baseline is None:
        return None
    if site is None:
        raise BallastError(
            f"nobody says where {plan.target} serves the old release",
            "Give its gateway and its issuer with the site of the run.",
        )
    url, issuer = site
    return OldRelease(url, tokens_of(run, plan, issuer), plan.baseline.pairs)


def of_the_new(load: LoadRun, samples: Sequence[Sample]) -> list[Sample]:
    """The samples without those of the old release."""
    segments = load.schedule.segments
    old = {a.sequence for a in load.planned() if segments[a.segment].release == "old"}
    return [sample for sample in samples if sample.sequence not in old]


def compare_early(plan: Plan, load: LoadRun, began: float, progress: Callable[[str], None]) -> None:
    """Look at old and new after the stated pairs, and end the comparison when one look decides.

    `began` is the Unix time of the schedule's zero.
    """
    if plan.baseline is None:
        return
    for pairs in plan.baseline.rule.look_after_pairs[:-1]:
        end = began + load.schedule.end_of_pair(pairs) + ANSWERS_SECONDS
        time.sleep(max(0.0, end - time.time()))
        timings = timings_of(load.schedule, read_samples(load.samples))
        found = judge_regression(plan.baseline, plan.images, timings, pairs)
        progress(f"comparison after {pairs} pairs: {found.outcome.value}, {found.reason}")
        if found.outcome in {Outcome.PASS, Outcome.FAIL}:
            load.end_comparison()
            return


def regression(plan: Plan, load: LoadRun, samples: Sequence[Sample]) -> list[Verdict]:
    """The verdict on the comparison, none when the plan has none."""
    if plan.baseline is None:
        return []
    played = plan.baseline.pairs if load.old_until is None else load.old_until
    timings = timings_of(load.schedule, samples)
    return [judge_regression(plan.baseline, plan.images, timings, played)]

"""Samples that lie: a whole steady load as its generator writes it down, judged as a run is.

The load is the promotion's own, with all its requests. Latencies are simulated with a fixed seed,
so that no moment of a busy machine decides what the gate is shown; all else is the gate's own.
"""

import random
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import pytest
from lie import Family, Scene
from lie_catalogue import lies

from ballast.gate.beside import of_the_new, regression
from ballast.gate.judge import Generator, judge_generator, judge_slo
from ballast.gate.load import LoadRun, OldRelease, cpu_share
from ballast.gate.plan import Plan, derive_plan
from ballast.gate.samples import COLUMNS, Sample, read_samples, within
from ballast.gate.verdict import Verdict
from ballast.names import SERVICES
from ballast.release import Image, Release
from ballast.slo.model import load_slos

BEGAN = 1_800_000_000.0
MEDIAN_SECONDS = {"create": 0.030, "list": 0.020, "get": 0.015, "update": 0.030, "complete": 0.030}
NOISE = 0.3


def plan_of_promotion() -> Plan:
    def release(number: int) -> Release:
        images = {
            name: Image(repository=f"example.org/{name}", digest=f"sha256:{number:063x}{n:x}")
            for n, name in enumerate(SERVICES)
        }
        return Release(revision=f"r{number}", images=images)

    return derive_plan("dev", "staging", release(2), old=release(1))


PLAN = plan_of_promotion()


@dataclass
class Written:
    """What a generator leaves behind: its load, the samples, its use of a core each second."""

    load: LoadRun
    samples: list[Sample]
    cpu: float | None = 0.3

    def is_old(self, sample: Sample) -> bool:
        return self.release[sample.sequence] == "old"

    def __post_init__(self) -> None:
        segments = self.load.schedule.segments
        self.release = {a.sequence: segments[a.segment].release for a in self.load.planned()}

    def change(self, which: Callable[[Sample], bool], change: Callable[[Sample], Sample]) -> None:
        self.samples = [change(each) if which(each) else each for each in self.samples]

    def judged(self) -> list[Verdict]:
        """The files, and the verdicts of a run on them."""
        rows = [",".join(str(value) for value in astuple(each)) for each in self.samples]
        self.load.samples.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
        if self.cpu is not None:
            seconds = range(int(self.load.schedule.starts()[-1]))
            lines = [f"{BEGAN + second},{second * self.cpu}\n" for second in seconds]
            self.load.cpu.write_text("".join(lines))
        written = read_samples(self.load.samples)
        start, end = (BEGAN + at for at in self.load.schedule.judged(self.load.old_until))
        generator = Generator(
            len(self.load.planned()), len(written), cpu_share(self.load.cpu, start, end)
        )
        steady = within(of_the_new(self.load, written), start, end)
        return [
            judge_generator(within(written, start, end), generator, PLAN.latency_threshold),
            *(judge_slo(slo, steady) for slo in load_slos() if slo.name in PLAN.slos),
            *regression(PLAN, self.load, written),
        ]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A run in which the new release is as fast as the old one and nothing fails."""
    assert PLAN.baseline is not None
    tokens = [""] * PLAN.shape.users
    old = OldRelease("http://old", tokens, PLAN.baseline.pairs)
    load = LoadRun("run-1", tmp_path, "http://new", PLAN.seed, PLAN.shape, tokens, old)
    chance = random.Random(20)

    def sample(sequence: int, operation: str, user: int, at: float) -> Sample:
        median = MEDIAN_SECONDS.get(operation, 0.03)
        started = BEGAN + at + 0.001
        ended = started + median * chance.lognormvariate(0, NOISE)
        return Sample(sequence, operation, user, BEGAN + at, started, ended, 200, "", "", "")

    samples = [sample(a.sequence, a.operation, a.user, a.at) for a in load.planned()]
    return Written(load, samples)


def slowed(share: float) -> Callable[[Sample], Sample]:
    return lambda each: replace(each, ended=each.started + (each.ended - each.started) * share)


def shifted(seconds: float) -> Callable[[Sample], Sample]:
    return lambda each: replace(each, started=each.started + seconds, ended=each.ended + seconds)


def copied_over_a_failed_one(run: Written) -> None:
    run.change(lambda each: each.sequence == 100, lambda _: run.samples[99])


def cut(run: Written) -> None:
    del run.samples[-3:]


def one(change: Callable[[Sample], Sample]) -> Callable[[Written], None]:
    return lambda run: run.change(lambda each: each.sequence == 2000, change)


def every(number: int, change: Callable[[Sample], Sample]) -> Callable[[Written], None]:
    return lambda run: run.change(lambda each: each.sequence % number == 0, change)


SEEDS: dict[str, Callable[[Written], None]] = {
    "slower-by-20-percent": lambda run: run.change(lambda s: not run.is_old(s), slowed(1.2)),
    "as-slow-as-its-predecessor": every(50, slowed(60.0)),
    "generator-starved": lambda run: setattr(run, "cpu", 0.97),
    "generator-late": every(40, shifted(0.05)),
    "generator-unwatched": lambda run: setattr(run, "cpu", None),
    "samples-cut": cut,
    "latency-is-nan": one(lambda each: replace(each, ended=float("nan"))),
    "clock-set-back": one(lambda each: replace(each, ended=each.started - 60)),
    "clock-set-ahead": one(lambda each: replace(each, intended=each.intended + 60)),
    "good-sample-twice": copied_over_a_failed_one,
    "old-release-broken": lambda run: run.change(run.is_old, lambda s: replace(s, status=503)),
}


@pytest.mark.parametrize("lie", lies(Scene.TIMINGS), ids=str)
def test_samples_that_lie_are_refused(lie, told, answer, written):
    SEEDS[lie.name](written)
    told(lie, answer(written.judged))


def test_samples_of_a_release_as_fast_as_the_old_one_pass(honest, answer, written):
    honest(Family.MEASUREMENT, "timings", answer(written.judged))

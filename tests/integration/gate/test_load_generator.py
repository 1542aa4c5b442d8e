"""The real Locust against a real server: the open model hides neither stalls nor failures."""

import os
import signal
import time
from datetime import datetime
from typing import get_args

import pytest

from ballast.errors import BallastError
from ballast.gate.eventually import eventually
from ballast.gate.judge import Generator, judge_generator, judge_slo
from ballast.gate.load import LoadRun, OldRelease, cpu_share, finish_load, start_load
from ballast.gate.samples import read_samples
from ballast.gate.schedule import Operation
from ballast.gate.shape import LoadShape, Stage
from ballast.gate.verdict import Outcome
from ballast.slo.model import load_slos


def shape(rate: float, seconds: float) -> LoadShape:
    return LoadShape(
        arrivals="poisson",
        warmup_seconds=0.5,
        stages=[Stage(seconds=seconds - 1, rate_per_second=rate)],
        old_block_seconds=0.5,
        fault_seconds=0.5,
        requests_per_user_per_minute=60,
        mix={"create": 30, "list": 25, "get": 20, "update": 10, "complete": 10, "delete": 5},
    )


def prepare(folder, server, *, rate: float = 50, seconds: float = 6) -> LoadRun:
    wanted = shape(rate, seconds)
    tokens = [f"user-{n}" for n in range(wanted.users)]
    return LoadRun("run-1", folder, server.url, 7, wanted, tokens)


def play(folder, server, **options: float) -> LoadRun:
    load = prepare(folder, server, **options)
    finish_load(load, start_load(load), 90)
    return load


@pytest.fixture(scope="module")
def healthy(tmp_path_factory, todo_server):
    """One run against a server without faults."""
    with todo_server() as server:
        load = play(tmp_path_factory.mktemp("load"), server)
    return server, load, read_samples(load.samples)


def test_every_planned_request_leaves_one_sample(healthy):
    server, load, samples = healthy
    assert {s.sequence for s in samples} == {a.sequence for a in load.planned()}
    assert len(samples) == len(load.planned()) == server.requests
    assert all(sample.succeeded for sample in samples)


def test_requests_start_at_their_intended_intervals(healthy):
    _, load, samples = healthy
    planned = load.planned()
    base = samples[0].intended - planned[samples[0].sequence].at
    assert all(
        abs(sample.intended - base - planned[sample.sequence].at) < 0.001 for sample in samples
    )


def test_acknowledged_creates_carry_title_and_task(healthy):
    server, _, samples = healthy
    acknowledged = {s.task_id: s.key for s in samples if s.operation == "create"}
    kept = server.tasks.items()
    left = {task: title for task, (_, title) in kept if not server.audit.is_deleted(task)}
    assert left.items() <= acknowledged.items()
    assert len(acknowledged) - len(left) == server.operations["DELETE tasks"] > 0


def test_the_generators_processor_time_is_measured(healthy):
    _, load, samples = healthy
    assert 0 < cpu_share(load.cpu, samples[0].intended, samples[-1].intended) < 1.5


def test_the_users_tokens_are_gone_afterwards(healthy):
    assert not healthy[1].secrets.exists()


def test_a_stall_is_seen_by_all_requests_that_fell_due_in_it(todo_server, tmp_path):
    # One user waiting for each answer would see one slow request in this stall of 2 s.
    with todo_server(stall_at=4.0, stall_seconds=2.0) as server:
        load = play(tmp_path, server, seconds=8)
    samples = read_samples(load.samples)
    slow = [sample for sample in samples if sample.latency > 0.3]
    assert len(slow) >= 50
    assert max(sample.latency for sample in slow) > 1.5


def test_one_failure_in_a_hundred_fails_the_objective(todo_server, tmp_path):
    availability = next(slo for slo in load_slos() if slo.name == "gateway-availability")
    with todo_server(fail=lambda number: number % 50 == 0) as server:
        samples = read_samples(play(tmp_path, server, rate=120).samples)
    verdict = judge_slo(availability, samples)
    assert verdict.outcome is Outcome.FAIL
    assert "x 503" in verdict.reason


def test_a_generator_that_is_held_up_invalidates_its_run(todo_server, tmp_path):
    with todo_server() as server:
        load = prepare(tmp_path, server, seconds=10)
        generator = start_load(load)
        assert eventually(lambda: server.requests >= 50, 60, every=0.05)
        os.killpg(generator.pid, signal.SIGSTOP)
        time.sleep(1)
        os.killpg(generator.pid, signal.SIGCONT)
        finish_load(load, generator, 90)
    samples = read_samples(load.samples)
    share = cpu_share(load.cpu, samples[0].intended, samples[-1].intended)
    verdict = judge_generator(samples, Generator(len(load.planned()), len(samples), share), 0.3)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "ms late" in verdict.reason


def test_a_refused_connection_is_a_sample_and_no_crash(todo_server, tmp_path):
    with todo_server() as server:
        pass
    samples = read_samples(play(tmp_path, server, rate=20).samples)
    assert samples
    assert {sample.status for sample in samples} == {0}


def test_a_generator_that_breaks_is_a_sentence(tmp_path):
    load = LoadRun("run-1", tmp_path, "http://127.0.0.1:9", 1, shape(10, 3), [])
    with pytest.raises(BallastError, match="load generator"):
        finish_load(load, start_load(load), 60)


def beside(folder, new, old, *, decided: bool) -> LoadRun:
    wanted = shape(50, 9)
    tokens = [[f"{name}-{n}" for n in range(wanted.users)] for name in ("new", "old")]
    load = LoadRun(
        "run-1", folder, new.url, 7, wanted, tokens[0], OldRelease(old.url, tokens[1], 6)
    )
    process = start_load(load)
    if decided:
        load.end_comparison()
    finish_load(load, process, 90)
    return load


def test_old_and_new_are_asked_in_turns_each_as_its_own_users(todo_server, tmp_path):
    with todo_server() as new, todo_server() as old:
        load = beside(tmp_path, new, old, decided=False)
    samples = read_samples(load.samples)
    segments = load.schedule.segments
    planned = [segments[a.segment].release for a in load.planned()]
    assert (new.requests, old.requests) == (planned.count("new"), planned.count("old"))
    assert all(sample.succeeded for sample in samples)  # tasks and tokens belong to one release
    assert {user.split("-")[0] for user, _ in old.tasks.values()} == {"old"}


def test_a_decided_comparison_leaves_the_old_release_alone(todo_server, tmp_path):
    with todo_server() as new, todo_server() as old:
        load = beside(tmp_path, new, old, decided=True)
    samples = read_samples(load.samples)
    assert load.old_until == 0
    assert {s.sequence for s in samples} == {a.sequence for a in load.planned()}
    assert old.requests == sum(
        load.schedule.segments[a.segment].release == "old" for a in load.planned()
    )
    assert max(s.intended for s in samples) - min(s.intended for s in samples) < 10.5


def test_each_operation_of_the_shapes_is_asked_for(todo_server, tmp_path):
    mix = dict.fromkeys(get_args(Operation), 1) | {"create": 4}
    wanted = shape(60, 7).model_copy(update={"mix": mix, "reminders_due_at_seconds": 5.0})
    tokens = [f"user-{n}" for n in range(wanted.users)]
    with todo_server() as server:
        load = LoadRun("run-1", tmp_path, server.url, 7, wanted, tokens)
        finish_load(load, start_load(load), 90)
    samples = read_samples(load.samples)
    assert {sample.operation for sample in samples} == set(get_args(Operation))
    assert [sample for sample in samples if not sample.succeeded] == []
    (due,) = {datetime.fromisoformat(at).timestamp() for at in server.remind_at}
    began = samples[0].intended - load.planned()[0].at
    assert due == pytest.approx(began + 5, abs=0.01)

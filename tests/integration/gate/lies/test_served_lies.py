"""Releases that lie: a real server that misbehaves, under the real Locust and the real client."""

import os
import signal
from pathlib import Path

import pytest
from history_play import play, run_of, wait_for_rows
from lie import Family, Scene
from lie_catalogue import lies

from ballast.gate.history.run import USERS, HistoryRun
from ballast.gate.judge import judge_slo
from ballast.gate.ledger import judge_ledger
from ballast.gate.load import LoadRun, finish_load, start_load
from ballast.gate.readback import Readback
from ballast.gate.samples import read_samples
from ballast.gate.shape import LoadShape, Stage
from ballast.gate.verdict import Verdict
from ballast.slo.model import load_slos

SETTLE_SECONDS = 1.0
AVAILABILITY = next(slo for slo in load_slos() if slo.name == "gateway-availability")
BRIEF, WHOLE = (20.0, 3.0), (150.0, 20.5)  # requests a second, for how long
# What the server does, by the number of a create or a request.
IN_LOAD = {
    "drops-one-event": {"lose": lambda number: number == 15},
    "delivers-twice": {"duplicate": lambda number: number == 15},
    "creates-twice": {"repeat": lambda number: number == 15},
    "tells-a-stranger": {"misdeliver": lambda number: number == 15},
    "fails-3-in-1000": {"fail": lambda number: number % 300 == 0},
}
IN_HISTORY = {
    "stale-reads": {"old_reads": True},
    "reorders-events": {"overtake": lambda number: number > USERS},
    "miscounts": {"miscount": True},
}


def loaded(folder: Path, server, rate: float, seconds: float) -> list[Verdict]:
    """A real load and what is read back of it; too brief a one proves no objective."""
    shape = LoadShape(
        arrivals="poisson",
        warmup_seconds=0.5,
        stages=[Stage(seconds=seconds, rate_per_second=rate)],
        requests_per_user_per_minute=600,
        mix={"create": 4, "list": 2, "get": 2, "update": 1, "complete": 1},
    )
    tokens = [f"user-{n}" for n in range(max(2, shape.users))]
    load = LoadRun("run-1", folder, server.url, 7, shape, tokens)
    finish_load(load, start_load(load), 120)
    samples = read_samples(load.samples)
    assert len(samples) == len(load.planned())
    ledger = judge_ledger(Readback(server.url, tokens).settle(samples, SETTLE_SECONDS))
    return [ledger] if seconds < WHOLE[1] else [ledger, judge_slo(AVAILABILITY, samples)]


@pytest.mark.parametrize("lie", lies(Scene.LOAD), ids=str)
def test_a_release_that_lies_under_load_is_refused(lie, told, answer, todo_server, tmp_path):
    size = WHOLE if "fail" in IN_LOAD[lie.name] else BRIEF
    with todo_server(**IN_LOAD[lie.name]) as server:
        told(lie, answer(lambda: loaded(tmp_path, server, *size)))


@pytest.mark.parametrize("size", [BRIEF, WHOLE], ids=["brief", "whole"])
def test_a_release_that_serves_every_request_once_passes(
    size, honest, answer, todo_server, tmp_path
):
    with todo_server() as server:
        said = answer(lambda: loaded(tmp_path, server, *size))
    honest(Family.RELEASE, f"load-of-{size[1]:.0f}-seconds", said)


@pytest.fixture
def client(monkeypatch):
    """The independent client, as users whom the server strikes too; at any rate."""
    monkeypatch.setattr("ballast.gate.history.judge.LEAST_SHARE", 0.0)
    users = property(lambda self: [f"u{place}" for place in range(USERS)])
    monkeypatch.setattr(HistoryRun, "users", users)


def remembered(folder: Path, server) -> list[Verdict]:
    run = run_of(folder, server.url)
    play(run)
    return [run.verdict(SETTLE_SECONDS, 60.0)]


def broken_off(folder: Path, server) -> list[Verdict]:
    run = run_of(folder, server.url)
    process = run.start()
    try:
        wait_for_rows(run, 60, process)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    return [run.verdict(SETTLE_SECONDS, 60.0)]


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("lie", lies(Scene.HISTORY), ids=str)
def test_a_history_that_does_not_hold_is_refused(lie, told, answer, todo_server, tmp_path):
    faults = IN_HISTORY.get(lie.name, {})
    played = remembered if faults else broken_off
    with todo_server(**faults) as server:
        told(lie, answer(lambda: played(tmp_path, server)))


@pytest.mark.usefixtures("client")
def test_a_history_in_which_everything_holds_passes(honest, answer, todo_server, tmp_path):
    with todo_server() as server:
        honest(Family.RELEASE, "history", answer(lambda: remembered(tmp_path, server)))

"""The independent client as a real process against a real server, and what is judged of it."""

import itertools
import json
import os
import signal

import pytest
from history_play import INTERVAL, play, run_of, wait_for_rows

from ballast.gate.history.findings import Violation
from ballast.gate.history.operations import Kind, Result, read_history
from ballast.gate.history.run import USERS, HistoryRun
from ballast.gate.verdict import Outcome, Verdict


def judged(run: HistoryRun) -> Verdict:
    return run.verdict(1.0, 60.0)


@pytest.fixture(scope="module", autouse=True)
def any_rate():
    """How fast the machine of a test is says nothing about the client."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ballast.gate.history.judge.LEAST_SHARE", 0.0)
        yield


@pytest.fixture(scope="module")
def played(tmp_path_factory, todo_server):
    """One run against a server without faults, with its verdict."""
    with todo_server() as server:
        run = run_of(tmp_path_factory.mktemp("history"), server.url)
        operations = play(run, 250)
        return run, operations, judged(run)


def test_a_system_that_works_passes(played):
    _, operations, verdict = played
    assert verdict.outcome is Outcome.PASS, verdict
    writes = sum(each.kind not in (Kind.READ, Kind.LIST) for each in operations)
    assert verdict.figures["writes"] == writes
    # Each write in the audit, and each create as a delivery.
    creates = sum(each.kind is Kind.CREATE for each in operations)
    assert verdict.figures["effects"] == writes + creates


def test_every_kind_of_operation_is_acknowledged(played):
    acknowledged = {each.kind for each in played[1] if each.result is Result.ACKNOWLEDGED}
    assert acknowledged == set(Kind)


def test_deleted_tasks_are_looked_at_again(played):
    assert any(each.kind is Kind.READ and each.version == 0 for each in played[1])


def test_each_user_does_one_thing_after_the_other_at_the_intended_rate(played):
    # The client's plan is written just before it starts.
    began = (played[0].folder / "client.json").stat().st_mtime
    for user in played[0].users:
        own = [each for each in played[1] if each.user == user]
        assert own, f"{user} did nothing"
        pairs = itertools.pairwise(own)
        assert all(one.completed <= other.invoked for one, other in pairs)
        # No operation comes before it is due; how late one may be is not for a test to say.
        assert all(each.invoked >= began + place * INTERVAL for place, each in enumerate(own))


def test_the_history_ends_and_names_no_key_twice(played):
    run, operations, _ = played
    due = read_history(run.history).due
    assert due is not None
    assert due >= len(operations)
    assert len({each.key for each in operations}) == len(operations)


def test_no_token_is_in_a_file_of_the_run(played):
    run = played[0]
    for path in run.folder.iterdir():
        assert not any(token in path.read_text() for token in run.tokens), path


def test_the_plan_of_the_client_can_be_read(played):
    plan = json.loads((played[0].folder / "client.json").read_text())
    assert (len(plan["users"]), plan["interval"], plan["seed"]) == (USERS, INTERVAL, 7)


@pytest.mark.parametrize(
    ("faults", "violation"),
    [
        ({"lose": lambda n: n == 3}, Violation.LOST),
        ({"duplicate": lambda n: n == 3}, Violation.DUPLICATED),
        ({"old_reads": True}, Violation.READ_YOUR_WRITES),
    ],
)
def test_a_fault_of_the_server_is_its_violation_and_no_other(
    todo_server, tmp_path, monkeypatch, faults, violation
):
    # The server strikes all users but those of a client beside a load.
    users = property(lambda self: [f"u{place}" for place in range(USERS)])
    monkeypatch.setattr(HistoryRun, "users", users)
    with todo_server(**faults) as server:
        run = run_of(tmp_path, server.url)
        play(run)
        verdict = judged(run)
    found = {each for each in Violation if verdict.figures[each]}
    assert verdict.outcome is Outcome.FAIL
    assert found == {violation}, verdict


def test_answers_that_tell_nothing_make_operations_unknown_and_no_violation(todo_server, tmp_path):
    with todo_server(fail=lambda number: number % 5 == 0) as server:
        run = run_of(tmp_path, server.url)
        operations = play(run)
        verdict = judged(run)
    assert {each.result for each in operations} == {Result.ACKNOWLEDGED, Result.UNKNOWN}
    assert verdict.outcome is Outcome.PASS, verdict


def test_a_server_that_is_not_there_fails_operations_and_proves_nothing(todo_server, tmp_path):
    with todo_server() as server:
        pass
    run = run_of(tmp_path, server.url)
    operations = play(run, 20)
    assert {each.result for each in operations} == {Result.FAILED}
    with todo_server(port=server.port):
        assert judged(run).outcome is Outcome.VACUOUS


def test_a_client_that_is_killed_leaves_whole_lines_and_no_verdict(todo_server, tmp_path):
    with todo_server() as server:
        run = run_of(tmp_path, server.url)
        client = run.start()
        try:
            wait_for_rows(run, 60, client)
        finally:
            os.kill(client.pid, signal.SIGKILL)
            client.wait()
        text = run.history.read_text()
        verdict = judged(run)
    assert text.endswith("\n")
    assert len(read_history(run.history).operations) >= 60
    assert verdict.outcome is Outcome.INCONCLUSIVE, verdict


def test_a_client_that_cannot_start_is_vacuous(tmp_path):
    run = run_of(tmp_path, "http://127.0.0.1:9")
    (tmp_path / "history.csv").mkdir()  # the client cannot write where a folder is
    client = run.start()
    assert client.wait(60) != 0
    (tmp_path / "history.csv").rmdir()
    verdict = judged(run)
    assert verdict.outcome is Outcome.VACUOUS
    assert "client.log" in verdict.reason

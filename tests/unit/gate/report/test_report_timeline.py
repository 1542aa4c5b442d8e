"""Faults and moments: of the verdict's figures, or of the journal where nothing was judged."""

import shutil

import pytest
from simulated_run import EXPERIMENT, ZERO, Story, plan_of, simulate

from ballast.gate.report.measured import Measured
from ballast.gate.report.model import Check, Fault
from ballast.gate.report.reading import read_report
from ballast.gate.report.timeline import faults_of, moments_of
from ballast.gate.run_folder import RunFolder
from ballast.gate.verdict import Outcome

FIGURES = {
    "fault": "Freeze it", "fault_at": ZERO + 300, "fault_until": ZERO + 305,
    "proven_at": ZERO + 301, "detected_s": 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def plan():
    return plan_of(Story())


def judged(**figures) -> dict[str, Check]:
    name = f"chaos/{EXPERIMENT}"
    figures = FIGURES | figures
    return {name: Check(name=name, outcome=Outcome.PASS, reason="it held", figures=figures)}


def fault(plan, folder, **figures) -> Fault:
    (found,) = faults_of(folder, plan, judged(**figures), ZERO)
    return found


def test_a_recovery_ends_when_the_last_failed_request_did(plan, passed):
    found = fault(plan, passed, recovered_s=2.5, first_failed_at=ZERO + 300.5)
    assert (found.start_s, found.end_s, found.over_s) == (300, 305, 307.5)
    assert (found.first_failed_s, found.proven_s) == (300.5, 301)


def test_a_system_that_never_recovered_is_shaded_to_the_end_of_its_window(plan, passed):
    found = fault(plan, passed, recovered_s="never")
    assert found.never_recovered
    assert found.over_s == found.window_end_s == 340
    events = [moment.event for moment in moments_of({}, Measured(), [found], ZERO)]
    assert events[-1] == "not recovered when its window ends"


def test_without_a_failed_request_there_was_nothing_to_recover_from(plan, passed):
    found = fault(plan, passed, recovered_s=0.0)
    moments = {moment.event: moment.at_s for moment in moments_of({}, Measured(), [found], ZERO)}
    assert moments["recovered: no request failed after the fault"] == 305
    assert "first failed request" not in moments


def test_a_fault_without_a_verdict_is_read_from_its_journal(plan, passed):
    (found,) = faults_of(passed, plan, {}, ZERO)
    assert found.title == "Freeze daprd of one pod of task-service"
    assert found.end_s - found.start_s == pytest.approx(5.0)
    assert found.detected_after_s is None
    assert found.recovered_after_s is None


def test_without_a_journal_no_fault_is_known(plan, passed, tmp_path):
    folder = RunFolder(shutil.copytree(passed.path, tmp_path / "run"))
    (folder.path / "chaos" / EXPERIMENT / "journal.json").unlink()
    assert faults_of(folder, plan, {}, ZERO) == []


def test_two_faults_stand_in_the_order_in_which_they_came(tmp_path):
    names = ("freeze-task-service-sidecar", "delay-task-service-sidecar")
    report = read_report(simulate(tmp_path, experiments=names))
    starts = [each.start_s for each in report.faults]
    assert len(starts) == 2
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("cut_off", "event"), [(False, "judged time ends"), (True, "judged time is cut off")]
)
def test_judged_time_that_a_run_did_not_come_to_the_end_of_is_cut_off(cut_off, event):
    moments = moments_of({}, Measured(judged_s=(10.0, 60.0), cut_off=cut_off), [], ZERO)
    assert [(moment.at_s, moment.event) for moment in moments] == [
        (10.0, "judged time starts: the baseline"),
        (60.0, event),
    ]

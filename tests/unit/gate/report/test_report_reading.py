"""What a run's folder says of it, whatever became of the run."""

import json
import shutil

import pytest
from simulated_run import EXPERIMENT, ZERO, simulate

from ballast.errors import BallastError
from ballast.gate.report.model import Report
from ballast.gate.report.reading import read_report
from ballast.gate.report.write import write_decision
from ballast.gate.run_folder import RunFolder
from ballast.gate.samples import sha256_of
from ballast.gate.verdict import Outcome


@pytest.fixture
def copied(passed, tmp_path) -> RunFolder:
    """A run of this test's own."""
    return RunFolder(shutil.copytree(passed.path, tmp_path / passed.name))


def test_a_run_that_held_passes_and_says_so_in_a_sentence(report):
    assert (report.headline, report.outcome) == ("PASS", Outcome.PASS), report.why
    assert report.why == [f"all {len(report.checks)} checks passed"]
    assert report.absent == []


def test_every_reason_of_a_failure_is_a_why(failed):
    report = read_report(failed)
    assert report.headline == "FAIL"
    wrong = [check for check in report.checks if check.outcome is not Outcome.PASS]
    assert report.why == [f"{check.name}: {check.reason}" for check in wrong]
    assert {check.name for check in wrong} >= {"ledger/task-created", "ledger/history"}


def test_failures_come_before_what_is_not_proven_and_a_shared_reason_is_said_once(copied):
    verdicts = copied.read("verdicts.json")
    changes = {
        "load/generator": ("INCONCLUSIVE", "it was late"),
        "server/handler-time": ("INCONCLUSIVE", "Prometheus is mute"),
        "server/event-latency": ("INCONCLUSIVE", "Prometheus is mute"),
        "ledger/task-created": ("FAIL", "one is lost"),
    }
    for verdict in verdicts["verdicts"]:
        verdict["outcome"], verdict["reason"] = changes.get(verdict["check"], ("PASS", "it held"))
    copied.write("verdicts.json", verdicts)
    assert read_report(copied).why == [
        "ledger/task-created: one is lost",
        "load/generator: it was late",
        "server/handler-time, server/event-latency: Prometheus is mute",
    ]


def test_a_vacuous_run_is_no_pass_and_its_fault_is_absent(vacuous):
    report = read_report(vacuous)
    assert report.headline == "VACUOUS"
    assert report.faults == []
    assert "1 of 1 planned faults: no proof of injection" in report.absent
    assert "the old release: this run compared with none" in report.absent


def test_an_interrupted_run_says_where_it_ended_and_what_it_does_not_know(interrupted):
    report = read_report(interrupted)
    assert (report.headline, report.outcome) == ("INTERRUPTED", Outcome.VACUOUS)
    assert report.why == ["the run did not come to its end: it was stopped"]
    assert {check.outcome for check in report.checks} == {None}
    assert report.percentiles is None
    assert report.latency is not None
    assert report.latency.buckets[-1].at_s <= 60
    assert "judged time is cut off" in [moment.event for moment in report.timeline]
    assert report.ledgers.acknowledged is None
    assert report.spent == []
    assert report.evidence == ""
    assert [said.partition(":")[0] for said in report.absent] == [
        "percentiles",
        "1 of 1 planned faults",
        "the ledger of the load",
        "the budget",
        "the signed record",
    ]


def test_a_run_that_broke_says_what_broke_it(runs):
    report = read_report(simulate(runs, stops_at=5.0, fails=BallastError("no token", "Log in.")))
    assert report.why == ["the run did not come to its end: no token"]


def test_a_run_that_ended_before_its_load_has_no_latency(runs):
    report = read_report(simulate(runs, stops_at=-1.0))
    assert report.latency is None
    assert "latency: no load was begun" in report.absent
    assert [moment.event for moment in report.timeline] == ["run starts", "run ends"]


def test_a_run_under_way_is_no_verdict(copied):
    copied.write("state.json", {"state": "running"})
    assert read_report(copied).headline == "RUNNING"


def test_altered_samples_are_absent_and_named(copied):
    (copied.path / "samples.csv").write_text("sequence,operation\n1,list\n")
    report = read_report(copied)
    assert report.latency is None
    assert any("has no sample header" in said for said in report.absent)


@pytest.mark.parametrize("plan", [None, {"source": "dev"}])
def test_a_folder_without_a_plan_of_this_version_is_a_sentence(tmp_path, plan):
    folder = RunFolder.create(tmp_path)
    if plan:
        folder.write("plan.json", plan)
    with pytest.raises(BallastError, match="nothing can be reported of it"):
        read_report(folder)


def test_a_refusal_by_the_policy_is_the_headline_of_a_run_that_passed(copied):
    write_decision(copied, "staging", allow=False, reasons=["staging is frozen until noon"])
    report = read_report(copied)
    assert report.headline == "REFUSED"
    assert report.why[-1] == "staging refuses it: staging is frozen until noon"
    assert report.evidence.endswith("/record.dsse.json")


def test_a_promoted_run_names_its_evidence_in_git(copied):
    write_decision(copied, "staging", allow=True, reasons=[], commit="abc")
    report = read_report(copied)
    assert report.headline == "PASS"
    assert report.evidence == f"gitops/evidence/staging/{report.run}.dsse.json"


def test_a_reverted_promotion_is_the_headline(copied):
    undone = "reverted by 12ab: prod does not answer"
    write_decision(copied, "staging", allow=True, reasons=[], commit="abc", undone=undone)
    report = read_report(copied)
    assert report.headline == "REVERTED"
    assert report.why[-1] == f"staging does not serve it: {undone}"
    assert report.evidence.endswith("/record.dsse.json")


def test_a_fault_has_its_detection_and_recovery(report):
    (fault,) = report.faults
    assert fault.name == EXPERIMENT
    assert fault.start_s < fault.end_s < fault.over_s < fault.window_end_s
    assert fault.end_s - fault.start_s == pytest.approx(5.0)
    assert fault.detected_after_s == pytest.approx(
        min(fault.first_failed_s, fault.proven_s) - fault.start_s, abs=0.01
    )


def test_moments_are_in_order_and_of_the_whole_run(report):
    events = [moment.event for moment in report.timeline]
    assert [moment.at_s for moment in report.timeline] == sorted(
        moment.at_s for moment in report.timeline
    )
    assert events[:3] == ["run starts", "load starts: warm-up", "judged time starts: the baseline"]
    assert events[-2:] == ["effects are read back", "run ends"]
    assert {moment.event for moment in report.timeline if moment.fault} == {
        "fault starts: Freeze daprd of one pod of task-service",
        "first proof of the fault",
        "first failed request",
        "fault ends",
        "recovered: the last failed request has ended",
    }
    assert report.zero == ZERO


def test_the_command_names_seed_and_experiment_and_the_files_have_their_digests(report, passed):
    made = report.reproduction
    assert made.command == (
        f"ballast gate run dev staging --seed {made.seed} --experiment {EXPERIMENT}"
    )
    assert made.files["samples.csv"] == sha256_of(passed.path / "samples.csv")
    assert set(made.files) >= {"record.dsse.json", f"chaos/{EXPERIMENT}/journal.json"}
    assert "loadtests/steady.yaml" in made.configuration
    assert made.old_images != made.images


def test_ledgers_are_counted_by_class(failed):
    classes = {each.name: each for each in read_report(failed).ledgers.classes}
    assert (classes["lost"].load, classes["lost"].history) == (3, 0)
    assert len(classes["lost"].examples) == 3
    assert (classes["late"].load, classes["late"].history) == (None, 1)
    assert set(classes) >= {"duplicated", "reordered", "phantom", "read-your-writes"}


def test_percentiles_are_of_the_pairs_that_were_compared(report):
    checks = {check.name: check.figures for check in report.checks}
    figures = checks["regression/gateway-latency"]
    assert report.percentiles.new_samples == figures["new_samples"]
    assert report.percentiles.old_samples == figures["old_samples"]
    p95 = next(row for row in report.percentiles.rows if row.name == "p95")
    assert round(p95.new.estimate_ms, 1) == figures["new_ms"]
    assert round(p95.old.estimate_ms, 1) == figures["old_ms"]


def test_json_can_be_read_back_as_the_report_it_is(passed):
    text = (passed.path / "report.json").read_text()
    assert json.loads(text)["version"] == "ballast.dev/gate-report/v1"
    assert Report.model_validate_json(text) == read_report(passed)


def test_a_figure_that_is_no_number_stays_visible(copied):
    verdicts = copied.read("verdicts.json")
    verdicts["verdicts"][0]["figures"]["cpu_share"] = float("nan")
    copied.write("verdicts.json", verdicts)
    assert read_report(copied).checks[0].figures["cpu_share"] == "nan"

"""`promote` against a real Git repository and the real OPA: one commit, or one reason and none."""

import base64
import json
from pathlib import Path

import pytest

from ballast import release
from ballast.errors import BallastError
from ballast.gate.verdict import Outcome


def staging(git) -> release.Release:
    return release.parse(git.read_file("gitops/environments/staging/release.yaml"))


def test_a_proven_release_moves_with_its_evidence_in_one_commit(gate, make_record, new_digests):
    before = gate.git.head()
    done = gate.promote(make_record())
    assert staging(gate.git).digests == new_digests
    index = json.loads(gate.git.read_file("gitops/evidence/index.json"))
    assert [entry.get("result", entry.get("permit")) for entry in index] == ["PASSED", "promotion"]
    assert gate.git.read_file(index[0]["file"]) == make_record.last.text
    assert gate.git.clone.git("rev-parse", f"{done.commit}^").strip() == before
    assert gate.said == ["sync staging", "smoke staging", "bake staging 60 s"]


def test_the_public_key_is_committed_and_then_the_only_trusted_one(
    gate, make_record, refused, tmp_path
):
    gate.promote(make_record())
    gate.said.clear()
    gate.admitted.clear()
    foreign = make_record(key=tmp_path / "other.key")
    foreign.key = tmp_path / "other.key"
    assert "is not trusted" in refused(foreign)


def test_a_second_promotion_adds_to_the_index(gate, make_record):
    gate.promote(make_record(run="run-1"))
    gate.promote(make_record(run="run-2"))
    index = json.loads(gate.git.read_file("gitops/evidence/index.json"))
    assert [entry["run"] for entry in index if "run" in entry] == ["run-1", "run-2"]


def test_a_record_without_the_comparison_is_refused(make_record, refused):
    record = make_record(leave_out=("regression/gateway-latency",))
    assert "lacks the required check regression/gateway-latency" in refused(record)


def test_a_record_whose_release_became_slower_is_refused(make_record, refused):
    record = make_record(outcomes={"regression/gateway-latency": Outcome.FAIL})
    assert "regression/gateway-latency is FAIL" in refused(record)


def test_a_dry_run_commits_nothing(gate, make_record):
    before = gate.git.head()
    done = gate.promote(make_record(), dry_run=True)
    assert done.decision.allow
    assert gate.git.head() == before


@pytest.mark.parametrize(
    ("check", "outcome", "reason"),
    [
        ("slo/gateway-availability", Outcome.FAIL, "33 of 3300 requests failed"),
        ("chaos/kill-task-service", Outcome.VACUOUS, "pod a was not killed"),
        ("load/generator", Outcome.INCONCLUSIVE, "3 samples are missing"),
        ("ledger/task-created", Outcome.FAIL, "1 lost"),
    ],
)
def test_every_verdict_but_pass_is_refused(make_record, refused, check, outcome, reason):
    record = make_record(outcomes={check: outcome}, reason=reason)
    assert f"{check} is {outcome.value}: {reason}" in refused(record)


def test_a_missing_sample_is_refused(make_record, refused):
    assert "samples are missing: 4999 of 5000" in refused(make_record(written=4999))


def test_a_missing_check_is_refused(make_record, refused):
    record = make_record(leave_out=["ledger/task-created"])
    assert "lacks the required check ledger/task-created" in refused(record)


def present(record, tmp_path: Path) -> Path:
    path = tmp_path / "record.dsse.json"
    path.write_text(record.text)
    return path


def test_a_stored_record_can_be_presented(gate, make_record, new_digests, tmp_path):
    record = make_record()
    gate.promote(record, evidence=present(record, tmp_path))
    assert staging(gate.git).digests == new_digests


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_stored_record_is_asked_for_the_experiments_of_its_own_seed(
    gate, make_record, new_digests, tmp_path, seed
):
    record = make_record(seed=seed)
    gate.promote(record, evidence=present(record, tmp_path))
    assert staging(gate.git).digests == new_digests


def test_a_record_for_another_digest_is_refused(make_record, refused, old_digests, tmp_path):
    record = make_record(digests=old_digests)
    said = refused(record, evidence=present(record, tmp_path))
    assert "the record is for another digest" in said


def test_an_expired_record_is_refused(make_record, refused, tmp_path):
    record = make_record(age=24 * 3600 + 60)
    said = refused(record, evidence=present(record, tmp_path))
    assert "the record expired at" in said


def test_a_tampered_record_is_refused(make_record, refused, tmp_path):
    record = make_record(outcomes={"slo/gateway-latency": Outcome.FAIL}, reason="slow")
    document = json.loads(record.text)
    payload = base64.b64decode(document["payload"]).replace(b'"FAIL"', b'"PASS"')
    document["payload"] = base64.b64encode(payload).decode()
    record.text = json.dumps(document)
    said = refused(record, evidence=present(record, tmp_path))
    assert "the record cannot be trusted: the signature does not match" in said


def test_a_record_for_another_target_is_refused(make_record, refused, tmp_path):
    record = make_record(target="prod")
    assert "the record opens prod" in refused(record, evidence=present(record, tmp_path))


def test_an_environment_cannot_be_skipped(gate, make_record, refused):
    said = refused(make_record(target="prod"), target="prod")
    assert "prod does not follow dev" in said


def test_evidence_that_is_not_there_is_refused(make_record, refused, tmp_path):
    said = refused(make_record(), evidence=tmp_path / "absent.json")
    assert "no evidence can be read" in said


def test_evidence_that_is_no_record_is_refused(make_record, refused, tmp_path):
    (tmp_path / "noise.json").write_text("{}")
    said = refused(make_record(), evidence=tmp_path / "noise.json")
    assert "the record cannot be trusted" in said


def test_other_images_than_declared_are_refused(make_record, refused, pods_of_old):
    said = refused(make_record(), pods=pods_of_old)
    assert "dev does not run what its release.yaml says" in said


class Sick:
    """Fails the first time it is asked: what ran before is sound again."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, *_: object) -> None:
        self.asked += 1
        if self.asked == 1:
            raise BallastError("task-service is in CrashLoopBackOff")


@pytest.mark.parametrize("station", ["sync", "smoke", "watch"])
def test_a_release_that_does_not_serve_is_reverted(gate, make_record, old_digests, station):
    with pytest.raises(BallastError, match="is reverted: task-service is in Crash") as refusal:
        gate.promote(make_record(), **{station: Sick()})
    assert staging(gate.git).digests == old_digests
    assert "what ran before served again" in str(refusal.value)


def test_a_way_back_that_does_not_serve_says_so(gate, make_record, old_digests):
    def broken(*_: object) -> None:
        raise BallastError("no node is left")

    with pytest.raises(BallastError, match="does not serve yet: no node is left"):
        gate.promote(make_record(), sync=broken)
    assert staging(gate.git).digests == old_digests


def test_a_promotion_asks_for_its_watch_in_seconds(gate, make_record):
    gate.promote(make_record(), bake=90.0)
    assert gate.said[-1] == "bake staging 90 s"


@pytest.mark.parametrize("seconds", [0.0, 5.0, 3600.0])
def test_a_promotion_without_a_watch_costs_no_run(make_record, refused, seconds):
    assert "cannot be watched for" in refused(make_record(), bake=seconds)

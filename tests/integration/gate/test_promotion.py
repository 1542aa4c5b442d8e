"""`promote` against a real Git repository and the real OPA: one commit, or one reason and none."""

import base64
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from ballast import release
from ballast.errors import BallastError
from ballast.gate.execute import Finished
from ballast.gate.promote import Ports, promote
from ballast.gate.run_folder import RunFolder
from ballast.gate.verdict import Outcome


@pytest.fixture
def gate(git, opa, pods_of_new, tmp_path, monkeypatch):
    """A promotion from dev to staging whose run leaves the record that a test asks for."""
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path / "home"))
    said: list[str] = []

    def run(record, **options):
        folder = RunFolder.create(tmp_path / "runs")
        ports = Ports(
            git=git,
            pods=options.pop("pods", pods_of_new),
            opa=lambda: opa,
            run=lambda plan: Finished(folder, record.verdicts, record.text),
            sync=options.pop("sync", lambda target, commit: said.append(f"sync {target}")),
            smoke=options.pop("smoke", lambda target: said.append(f"smoke {target}")),
            key=record.key,
        )
        return promote("dev", options.pop("target", "staging"), ports, **options)

    return SimpleNamespace(promote=run, said=said, git=git)


def staging(git) -> release.Release:
    return release.parse(git.read_file("gitops/environments/staging/release.yaml"))


def refused(gate, record, **options) -> str:
    """The one reason of a refusal, after which nothing is committed and nothing deployed."""
    before = gate.git.head()
    with pytest.raises(BallastError) as refusal:
        gate.promote(record, **options)
    assert gate.git.head() == before
    assert gate.said == []
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_proven_release_moves_with_its_evidence_in_one_commit(gate, make_record, new_digests):
    before = gate.git.head()
    done = gate.promote(make_record())
    assert staging(gate.git).digests == new_digests
    index = json.loads(gate.git.read_file("gitops/evidence/index.json"))
    assert [entry["result"] for entry in index] == ["PASSED"]
    assert gate.git.read_file(index[0]["file"]) == make_record.last.text
    assert gate.git.clone.git("rev-parse", f"{done.commit}^").strip() == before
    assert gate.said == ["sync staging", "smoke staging"]


def test_the_public_key_is_committed_and_then_the_only_trusted_one(gate, make_record, tmp_path):
    gate.promote(make_record())
    gate.said.clear()
    foreign = make_record(key=tmp_path / "other.key")
    foreign.key = tmp_path / "other.key"
    assert "is not trusted" in refused(gate, foreign)


def test_a_second_promotion_adds_to_the_index(gate, make_record):
    gate.promote(make_record(run="run-1"))
    gate.promote(make_record(run="run-2"))
    index = json.loads(gate.git.read_file("gitops/evidence/index.json"))
    assert [entry["run"] for entry in index] == ["run-1", "run-2"]


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
def test_every_verdict_but_pass_is_refused(gate, make_record, check, outcome, reason):
    record = make_record(outcomes={check: outcome}, reason=reason)
    assert f"{check} is {outcome.value}: {reason}" in refused(gate, record)


def test_a_missing_sample_is_refused(gate, make_record):
    assert "samples are missing: 4999 of 5000" in refused(gate, make_record(written=4999))


def test_a_missing_check_is_refused(gate, make_record):
    record = make_record(leave_out=["ledger/task-created"])
    assert "lacks the required check ledger/task-created" in refused(gate, record)


def present(record, tmp_path: Path) -> Path:
    path = tmp_path / "record.dsse.json"
    path.write_text(record.text)
    return path


def test_a_stored_record_can_be_presented(gate, make_record, new_digests, tmp_path):
    record = make_record()
    gate.promote(record, evidence=present(record, tmp_path))
    assert staging(gate.git).digests == new_digests


def test_a_record_for_another_digest_is_refused(gate, make_record, old_digests, tmp_path):
    record = make_record(digests=old_digests)
    said = refused(gate, record, evidence=present(record, tmp_path))
    assert "the record is for another digest" in said


def test_an_expired_record_is_refused(gate, make_record, tmp_path):
    record = make_record(age=24 * 3600 + 60)
    said = refused(gate, record, evidence=present(record, tmp_path))
    assert "the record expired at" in said


def test_a_tampered_record_is_refused(gate, make_record, tmp_path):
    record = make_record(outcomes={"slo/gateway-latency": Outcome.FAIL}, reason="slow")
    document = json.loads(record.text)
    payload = base64.b64decode(document["payload"]).replace(b'"FAIL"', b'"PASS"')
    document["payload"] = base64.b64encode(payload).decode()
    record.text = json.dumps(document)
    said = refused(gate, record, evidence=present(record, tmp_path))
    assert "the record cannot be trusted: the signature does not match" in said


def test_a_record_for_another_target_is_refused(gate, make_record, tmp_path):
    record = make_record(target="prod")
    assert "the record opens prod" in refused(gate, record, evidence=present(record, tmp_path))


def test_an_environment_cannot_be_skipped(gate, make_record):
    said = refused(gate, make_record(target="prod"), target="prod")
    assert "prod does not follow dev" in said


def test_evidence_that_is_not_there_is_refused(gate, make_record, tmp_path):
    said = refused(gate, make_record(), evidence=tmp_path / "absent.json")
    assert "no evidence can be read" in said


def test_evidence_that_is_no_record_is_refused(gate, make_record, tmp_path):
    (tmp_path / "noise.json").write_text("{}")
    said = refused(gate, make_record(), evidence=tmp_path / "noise.json")
    assert "the record cannot be trusted" in said


def test_other_images_than_declared_are_refused(gate, make_record, pods_of_old):
    said = refused(gate, make_record(), pods=pods_of_old)
    assert "dev does not run what its release.yaml says" in said


@pytest.mark.parametrize("station", ["sync", "smoke"])
def test_a_release_that_does_not_serve_is_reverted(gate, make_record, old_digests, station):
    def broken(*_: str) -> None:
        raise BallastError("task-service is in CrashLoopBackOff")

    with pytest.raises(BallastError, match="is reverted: task-service is in CrashLoopBackOff"):
        gate.promote(make_record(), **{station: broken})
    assert staging(gate.git).digests == old_digests

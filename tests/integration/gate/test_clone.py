"""A clone verifies offline: what the gate committed is sound, and every meddling is found."""

import hashlib
import json

import pytest

from ballast import release
from ballast.bringup.baseline import permit_baselines
from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.checkout import Checkout
from ballast.gate.verify_clone import verify_clone


@pytest.fixture
def clone(gate, make_record, tmp_path):
    """A checkout of what a bring-up and a promotion committed."""
    record = make_record()
    permit_baselines(gate.git, frozenset(), signing.signer(record.key))
    gate.promote(record)
    root = tmp_path / "checkout"
    for folder in ("gitops/evidence", "gitops/environments", "gitops/gate"):
        for path, text in gate.git.read_folder(folder).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
    return Checkout(root)


def false(clone) -> str:
    return "\n".join(f"{f.path}: {f.said}" for f in verify_clone(clone) if not f.sound)


def only(clone, part: str):
    [path] = [p for p in clone.list_files("gitops/evidence") if part in p]
    return clone.root / path


def test_what_the_gate_committed_is_sound(clone):
    found = verify_clone(clone)
    assert false(clone) == ""
    assert len([f for f in found if f.path.endswith(".dsse.json")]) == 3
    assert "every digest is in force" in found[-1].said


@pytest.mark.parametrize("part", ["staging/run-1", "promotion-run-1", "bootstrap-first"])
def test_an_altered_envelope_is_found(clone, part):
    path = only(clone, part)
    path.write_text(path.read_text().replace('"payload": "', '"payload": "AAAA'))
    assert "its SHA-256 is not that of the index" in false(clone)


def test_an_altered_envelope_with_a_matching_index_is_found(clone):
    path = only(clone, "staging/run-1")
    text = path.read_text().replace('"sig": "', '"sig": "00')
    index = json.loads((clone.root / "gitops/evidence/index.json").read_text())
    for entry in index:
        if entry["file"].endswith("run-1.dsse.json") and "run" in entry:
            entry["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(text)
    (clone.root / "gitops/evidence/index.json").write_text(json.dumps(index))
    said = false(clone)
    assert "the signature does not match" in said
    assert "its record cannot be trusted" in said


def test_an_index_that_says_something_else_is_found(clone):
    path = clone.root / "gitops/evidence/index.json"
    path.write_text(path.read_text().replace('"result": "PASSED"', '"result": "FAILED"'))
    assert "its entry in the index says something else" in false(clone)


def test_a_removed_record_is_found(clone):
    only(clone, "staging/run-1").unlink()
    said = false(clone)
    assert "the index has it, the clone does not" in said
    assert "is absent" in said


def test_an_envelope_beside_the_index_is_found(clone):
    path = only(clone, "staging/run-1")
    (path.parent / "run-2.dsse.json").write_text(path.read_text())
    assert "the index does not have it" in false(clone)


def test_a_release_that_evidence_does_not_cover_is_found(clone):
    path = clone.root / release.path_of("staging")
    text = path.read_text()
    path.write_text(text.replace("sha256:0", "sha256:f", 1))
    assert "is covered by no evidence" in false(clone)


def test_a_clone_without_keys_proves_nothing(clone):
    for path in (clone.root / "gitops/evidence/keys").iterdir():
        path.unlink()
    assert "no public key is committed" in false(clone)


def test_an_empty_clone_is_no_proof(tmp_path):
    with pytest.raises(BallastError, match="neither evidence nor a release"):
        verify_clone(Checkout(tmp_path))

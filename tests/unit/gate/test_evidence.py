"""Records: what they say, who signed them, and that nothing altered or foreign is trusted."""

import base64
import copy
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.evidence import SampleRecord, statement
from ballast.gate.plan import derive_plan
from ballast.gate.verdict import Outcome, Verdict
from ballast.gate.verify import verify_record
from ballast.names import SERVICES
from ballast.release import Image, Release

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SIGNER = CryptoSigner.generate_ed25519()
KEYS = [SIGNER.public_key]


@pytest.fixture(scope="module")
def record() -> dict:
    images = {
        name: Image(repository=f"example.org/{name}", digest=f"sha256:{n:064x}")
        for n, name in enumerate(SERVICES)
    }
    plan = derive_plan("dev", "staging", Release(revision="r1", images=images))
    verdicts = [Verdict(check, Outcome.PASS, "it held") for check in plan.checks]
    end = NOW.timestamp()
    return statement("run-1", plan, verdicts, SampleRecord(9, 9, "ab"), start=end - 90, end=end)


@pytest.fixture(scope="module")
def envelope(record) -> str:
    return signing.sign(record, SIGNER)


def test_the_record_is_an_in_toto_test_result(record):
    assert record["_type"] == "https://in-toto.io/Statement/v1"
    assert record["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert record["predicate"]["result"] == "PASSED"


def test_the_record_names_each_image_by_digest(record):
    assert [s["name"] for s in record["subject"]] == [f"example.org/{n}" for n in SERVICES]
    assert all(len(s["digest"]["sha256"]) == 64 for s in record["subject"])


def test_the_record_expires_a_day_after_its_run(record):
    gate = record["predicate"]["gate"]
    lasts = datetime.fromisoformat(gate["expires"]) - datetime.fromisoformat(gate["end"])
    assert lasts == timedelta(hours=24)


def test_the_record_names_its_tools_seeds_and_configuration(record):
    gate = record["predicate"]["gate"]
    assert {"locust", "chaostoolkit", "python"} <= set(gate["tools"])
    assert gate["seeds"]["load"] == gate["seeds"]["chaos"]
    paths = [entry["name"] for entry in record["predicate"]["configuration"]]
    assert "slo/gateway-availability.yaml" in paths
    assert "policies/rego/promotion.rego" in paths


def test_the_record_names_the_release_that_it_compares_with(record):
    assert record["predicate"]["gate"]["baseline"] == {}
    images = {n: Image(repository=f"old/{n}", digest=f"sha256:{'0' * 64}") for n in SERVICES}
    old = Release(revision="r0", images=images)
    plan = derive_plan("dev", "staging", old, old=old)
    made = statement("run-2", plan, [], SampleRecord(9, 9, "ab"), start=0, end=90)
    assert made["predicate"]["gate"]["baseline"] == {n: str(i) for n, i in images.items()}


def test_a_genuine_record_is_trusted(envelope, record):
    opened = signing.open_envelope(envelope, KEYS)
    assert opened.verified
    assert opened.statement == record


def test_a_record_of_another_key_is_not_trusted(record):
    foreign = signing.sign(record, CryptoSigner.generate_ed25519())
    opened = signing.open_envelope(foreign, KEYS)
    assert not opened.verified
    assert "is not trusted" in opened.reason


def test_a_foreign_signature_under_a_trusted_name_is_not_trusted(record):
    forger = CryptoSigner.generate_ed25519(keyid=SIGNER.public_key.keyid)
    assert not signing.open_envelope(signing.sign(record, forger), KEYS).verified


def test_a_changed_statement_is_not_trusted(envelope, record):
    forged = copy.deepcopy(record)
    forged["predicate"]["gate"]["expires"] = "2036-01-01T00:00:00+00:00"
    document = json.loads(envelope)
    document["payload"] = base64.b64encode(json.dumps(forged).encode()).decode()
    opened = signing.open_envelope(json.dumps(document), KEYS)
    assert not opened.verified
    assert "does not match" in opened.reason


def test_another_payload_type_is_not_trusted(envelope):
    document = {**json.loads(envelope), "payloadType": "text/plain"}
    assert not signing.open_envelope(json.dumps(document), KEYS).verified


def test_nothing_is_trusted_without_keys(envelope):
    assert not signing.open_envelope(envelope, []).verified


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"payload": 1}', '{"signatures": []}'])
def test_what_is_no_envelope_is_not_trusted(text: str):
    assert not signing.open_envelope(text, KEYS).verified


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_altered_byte_survives(envelope, data):
    document = json.loads(envelope)
    payload = bytearray(base64.b64decode(document["payload"]))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] ^= data.draw(st.integers(1, 255))
    document["payload"] = base64.b64encode(bytes(payload)).decode()
    assert not signing.open_envelope(json.dumps(document), KEYS).verified


def test_the_signing_key_is_made_once_and_private(tmp_path):
    path = tmp_path / "gate" / "signing.key"
    first, second = signing.signer(path), signing.signer(path)
    assert first.public_key.keyid == second.public_key.keyid
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_signing_key_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "signing.key"
    signing.signer(path)
    path.chmod(0o644)
    with pytest.raises(BallastError, match="can be read by others"):
        signing.signer(path)


def test_a_public_key_survives_its_document():
    key = signing.public_key(signing.public_document(SIGNER.public_key))
    assert key == SIGNER.public_key


def test_a_record_verifies_offline_and_says_what_it_proves(envelope):
    lines = verify_record(envelope, KEYS, NOW + timedelta(hours=1))
    assert any("PASSED" in line for line in lines)
    assert any("slo/gateway-availability: PASS" in line for line in lines)


def test_an_expired_record_does_not_verify(envelope):
    with pytest.raises(BallastError, match="expired"):
        verify_record(envelope, KEYS, NOW + timedelta(hours=25))


def test_a_foreign_record_does_not_verify(record):
    foreign = signing.sign(record, CryptoSigner.generate_ed25519())
    with pytest.raises(BallastError, match="cannot be trusted"):
        verify_record(foreign, KEYS, NOW)

"""Which digests evidence admits: a pure function of files, keys, releases and the time."""

from datetime import UTC, datetime, timedelta

import pytest
from securesystemslib.signer import CryptoSigner

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.admission import GUARDED, IN_FORCE, admitted
from ballast.gate.admission_objects import alarm, ledger
from ballast.gate.evidence import PREDICATE
from ballast.gate.permit import permit
from ballast.names import ENVIRONMENT_NAMESPACES
from ballast.release import Held, Image

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SIGNER = CryptoSigner.generate_ed25519()
DIGEST = f"sha256:{1:064x}"
IMAGE = f"example.org/tasks@{DIGEST}"
RECORD = "gitops/evidence/staging/run-1.dsse.json"


def given(**facts):
    return permit(
        **{
            "kind": "break-glass",
            "name": "debug",
            "by": "ada",
            "reason": "the database burns",
            "target": "staging",
            "made": NOW - timedelta(hours=1),
            "until": NOW + timedelta(hours=1),
        }
        | facts
    )


def promotion(**facts):
    return given(**{"kind": "promotion", "name": "run-1", "source": "dev", "basis": RECORD} | facts)


def record(images=(IMAGE,), result="PASSED", **gate) -> str:
    facts = {
        "environment": "dev",
        "target": "staging",
        "expires": (NOW + timedelta(hours=1)).isoformat(),
    }
    statement = {
        "subject": given().statement(images)["subject"],
        "predicateType": PREDICATE,
        "predicate": {"result": result, "gate": facts | gate},
    }
    return signing.sign(statement, SIGNER)


def state(*permits, files=None, releases=(), now=NOW, environment="staging", signer=SIGNER):
    evidence = dict(files or {})
    for one in permits:
        evidence[one.path] = signing.sign(one.statement([IMAGE]), signer)
    keys = [SIGNER.public_key]
    return admitted(evidence, keys, environment, releases, now).digests.get(DIGEST, "absent")


def running(image=IMAGE) -> Held:
    repository, _, digest = image.partition("@")
    return Held(revision="r1", images={"tasks": Image(repository=repository, digest=digest)})


def test_a_permit_admits_until_it_ends():
    assert state(given()) == (NOW + timedelta(hours=1)).isoformat()


def test_an_ended_permit_admits_nothing():
    assert "its permit ended at" in state(given(), now=NOW + timedelta(hours=1))


@pytest.mark.parametrize("kind", ["promotion", "bootstrap"])
def test_the_declared_release_stays_in_force_after_its_permit(kind):
    made = promotion() if kind == "promotion" else given(kind=kind)
    later = NOW + timedelta(days=9)
    assert state(made, files={RECORD: record()}, releases=[running()], now=later) == IN_FORCE


def test_a_broken_glass_ends_also_for_the_declared_release():
    later = NOW + timedelta(days=9)
    assert "its permit ended" in state(given(), releases=[running()], now=later)


def test_an_image_that_no_release_names_is_not_in_force():
    other = running(f"example.org/tasks@sha256:{2:064x}")
    assert state(given(kind="bootstrap"), releases=[other]) != IN_FORCE


def test_a_proven_image_stays_in_force_beside_one_of_a_broken_glass():
    images = running().images | {
        "more": Image(repository="example.org/more", digest=f"sha256:{2:064x}")
    }
    assert state(given(kind="bootstrap"), releases=[Held(revision="r1", images=images)]) == IN_FORCE


def test_a_permit_for_another_environment_admits_nothing():
    assert "is for prod, not for staging" in state(given(target="prod"))


def test_a_permit_by_another_key_admits_nothing():
    assert "is not trusted" in state(given(), signer=CryptoSigner.generate_ed25519())


def test_a_tampered_permit_admits_nothing():
    text = signing.sign(given().statement([IMAGE]), SIGNER)
    tampered = text.replace('"sig": "', '"sig": "00')
    assert "the signature does not match" in state(files={given().path: tampered})


def test_an_envelope_that_cannot_be_read_admits_nothing():
    text = signing.sign(given().statement([IMAGE]), SIGNER)
    assert state(files={given().path: text[:-9]}) == "absent"


def test_a_permit_from_the_future_admits_nothing():
    later = given(made=NOW + timedelta(seconds=1), until=NOW + timedelta(hours=1))
    assert "in the future" in state(later)


def test_without_evidence_nothing_is_known():
    assert state() == "absent"


def test_a_record_without_a_decision_admits_nothing():
    assert "a run of the gate alone lets nothing in" in state(files={RECORD: record()})


def test_a_promotion_with_its_record_admits():
    assert state(promotion(), files={RECORD: record()}).startswith("2026-05-04T13:00")


@pytest.mark.parametrize(
    ("basis", "why"),
    [
        (None, "is absent"),
        (record(result="FAILED"), "did not pass"),
        (record(images=["example.org/tasks@sha256:" + "b" * 64]), "is for other digests"),
        (record(target="prod"), "its record opens prod"),
        (record(expires=(NOW - timedelta(hours=2)).isoformat()), "had expired when it was given"),
        (record(expires=(NOW + timedelta(minutes=9)).isoformat()), "ends later than its record"),
        (record(expires="soon"), "does not say when it expires"),
        (record().replace('"sig": "', '"sig": "00'), "cannot be trusted"),
    ],
)
def test_a_promotion_without_a_sound_record_admits_nothing(basis, why):
    assert why in state(promotion(), files={RECORD: basis} if basis else {})


def test_a_hotfix_may_rest_on_a_record_that_failed_under_faults():
    hotfix = promotion(kind="hotfix", name="urgent")
    assert not state(hotfix, files={RECORD: record(result="FAILED")}).startswith("refused")


def test_a_sound_permit_outweighs_a_flawed_one():
    assert not state(given(), given(name="zzz", target="prod")).startswith("refused")


def test_a_permit_may_not_last_longer_than_its_kind():
    with pytest.raises(BallastError, match="within 24 h"):
        given(until=NOW + timedelta(hours=24))


def test_the_alarm_pages_for_a_broken_glass_and_ends_with_it():
    evidence = {given().path: signing.sign(given().statement([IMAGE]), SIGNER)}
    found = admitted(evidence, [SIGNER.public_key], "staging", [], NOW)
    [rule] = alarm(found)["spec"]["groups"][0]["rules"]
    assert rule["labels"]["severity"] == "page"
    assert rule["expr"] == f"vector(time()) < {given().until.timestamp():.0f}"
    assert "ada" in rule["annotations"]["description"]


def test_a_promotion_raises_no_alarm():
    evidence = {
        RECORD: record(),
        promotion().path: signing.sign(promotion().statement([IMAGE]), SIGNER),
    }
    found = admitted(evidence, [SIGNER.public_key], "staging", [], NOW)
    assert alarm(found)["spec"]["groups"][0]["rules"] == []


@pytest.mark.parametrize("environment", GUARDED)
def test_the_ledger_lies_in_the_environment_and_has_keys_that_a_configmap_takes(environment):
    evidence = {
        given(target=environment).path: signing.sign(
            given(target=environment).statement([IMAGE]), SIGNER
        )
    }
    document = ledger(admitted(evidence, [SIGNER.public_key], environment, [], NOW))
    assert document["metadata"]["namespace"] == ENVIRONMENT_NAMESPACES[environment]
    assert f"sha256-{1:064x}" in document["data"]

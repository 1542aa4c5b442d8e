"""Sign-offs: what they bind, whose key counts, and what a check of one finds."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from securesystemslib.signer import CryptoSigner

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.roles import Roles
from ballast.gate.sign_off import VALID_FOR, Judged, SignOff, give, judge_sign_off
from ballast.release import Held, Image

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ADA, BOB = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()
DIGESTS = {"example.org/tasks": f"sha256:{1:064x}"}
CANDIDATE = Held(
    revision="r2",
    images={"tasks": Image(repository="example.org/tasks", digest=f"sha256:{1:064x}")},
)
ROLES = Roles.model_validate(
    {
        "environments": {"staging": [], "prod": ["tech-lead"]},
        "hotfix": ["tech-lead"],
        "roles": {
            "tech-lead": [{"person": "ada", "public": ADA.public_key.keyval["public"]}],
            "backend-lead": [{"person": "bob", "public": BOB.public_key.keyval["public"]}],
        },
    }
)


def given(role: str = "tech-lead", signer: CryptoSigner = ADA, target: str = "prod") -> str:
    return give(CANDIDATE, target, role, roles=ROLES, signer=signer, now=NOW)[1]


def forged(signer: CryptoSigner = ADA, **facts) -> str:
    """A sign-off with other facts than `give` would sign."""
    opened = signing.open_envelope(given(), ROLES.keys)
    statement = opened.statement | {"predicate": opened.statement["predicate"] | facts}
    return signing.sign(statement, signer)


def flaw(text: str, target: str = "prod", digests: dict = DIGESTS, at: datetime = NOW) -> str:
    return judge_sign_off(text, ROLES).flaw_for(target, digests, at)


def test_it_binds_role_person_revision_digests_target_and_a_day():
    made, envelope = give(CANDIDATE, "prod", "tech-lead", roles=ROLES, signer=ADA, now=NOW)
    assert (made.role, made.person, made.revision, made.target) == (
        "tech-lead",
        "ada",
        "r2",
        "prod",
    )
    assert made.until - made.made == timedelta(hours=24)
    judged = judge_sign_off(envelope, ROLES)
    assert judged == Judged(made, DIGESTS)


def test_a_sound_one_has_no_flaw():
    assert flaw(given()) == ""


def test_a_key_that_does_not_hold_the_role_is_told_what_to_have_reviewed():
    with pytest.raises(
        BallastError, match=r"key [0-9a-f]{16} does not hold the role tech"
    ) as refusal:
        given(signer=BOB)
    assert BOB.public_key.keyval["public"] in refusal.value.fix


def test_a_role_that_there_is_none_of_is_refused():
    with pytest.raises(BallastError, match="boss is no role"):
        given(role="boss")


def test_one_by_an_unknown_key_counts_for_nothing():
    assert "is not trusted" in flaw(forged(CryptoSigner.generate_ed25519()))


def test_a_tampered_one_counts_for_nothing():
    assert "does not match" in flaw(given().replace('"sig": "', '"sig": "AAAA'))


def test_one_in_a_role_that_its_key_does_not_hold_counts_for_nothing():
    assert flaw(forged(BOB, person="bob")) == "its key is not that of bob as tech-lead"


def test_one_in_the_name_of_another_person_counts_for_nothing():
    assert flaw(forged(person="eve")) == "its key is not that of eve as tech-lead"


def test_a_statement_of_another_kind_is_no_sign_off():
    opened = signing.open_envelope(given(), ROLES.keys)
    text = signing.sign(opened.statement | {"predicateType": "https://other"}, ADA)
    assert flaw(text) == "it is no sign-off"


@pytest.mark.parametrize(
    "facts", [{"role": ""}, {"until": "soon"}, {"more": 1}, {"until": "2026-05-05T12:00:01Z"}]
)
def test_one_with_wrong_facts_counts_for_nothing(facts):
    assert flaw(forged(**facts)) == "1 of its facts are wrong"


def test_one_for_another_target_does_not_count_here():
    assert flaw(given(target="staging")) == "it is for staging, not for prod"


def test_one_of_other_digests_does_not_count_here():
    assert flaw(given(), digests={"example.org/tasks": f"sha256:{2:064x}"}) == (
        "it is for other digests"
    )


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (NOW - timedelta(seconds=1), False),
        (NOW, True),
        (NOW + VALID_FOR - timedelta(seconds=1), True),
        (NOW + VALID_FOR, False),
    ],
)
def test_it_counts_from_its_making_to_its_end(at, counts):
    assert (flaw(given(), at=at) == "") is counts


@pytest.mark.parametrize("lasts", [timedelta(0), VALID_FOR + timedelta(seconds=1)])
def test_it_ends_after_it_was_made_and_within_a_day(lasts):
    facts = {"role": "tech-lead", "person": "ada", "revision": "r2", "target": "prod"}
    with pytest.raises(ValidationError, match="within 24 h"):
        SignOff(**facts, made=NOW, until=NOW + lasts)

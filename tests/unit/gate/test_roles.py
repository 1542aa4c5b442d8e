"""roles.yaml: who is asked where, and what is no answer to that."""

import pytest
import yaml
from securesystemslib.signer import CryptoSigner

from ballast.errors import BallastError
from ballast.gate.checkout import Checkout
from ballast.gate.roles import ROLES, Roles, roles_in
from ballast.paths import repository_root

ADA, BOB = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()


def public(signer: CryptoSigner) -> str:
    return signer.public_key.keyval["public"]


def document(**changes) -> dict:
    return {
        "environments": {"staging": [], "prod": ["backend-lead", "tech-lead"]},
        "hotfix": ["tech-lead"],
        "roles": {
            "backend-lead": [{"person": "ada", "public": public(ADA)}],
            "tech-lead": [
                {"person": "ada", "public": public(ADA)},
                {"person": "bob", "public": public(BOB)},
            ],
        },
    } | changes


def read(tmp_path, text: str) -> Roles:
    path = tmp_path / ROLES
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return roles_in(Checkout(tmp_path))


def refused(tmp_path, **changes) -> str:
    with pytest.raises(BallastError) as refusal:
        read(tmp_path, yaml.safe_dump(document(**changes)))
    return str(refusal.value)


def test_the_repository_asks_three_leads_for_prod_and_nobody_for_staging():
    roles = roles_in(Checkout(repository_root()))
    assert roles.needed("staging", hotfix=False) == ()
    assert roles.needed("prod", hotfix=False) == ("backend-lead", "devops-lead", "tech-lead")
    assert roles.needed("prod", hotfix=True) == ("devops-lead",)


def test_a_hotfix_needs_its_own_roles_where_anybody_is_asked(tmp_path):
    roles = read(tmp_path, yaml.safe_dump(document()))
    assert roles.needed("prod", hotfix=True) == ("tech-lead",)
    assert roles.needed("staging", hotfix=True) == ()
    assert roles.needed("dev", hotfix=False) == ()


def test_a_key_may_hold_more_than_one_role_and_a_role_more_than_one_key(tmp_path):
    roles = read(tmp_path, yaml.safe_dump(document()))
    held = {"backend-lead": "ada", "tech-lead": "ada"}
    assert roles.held_by(ADA.public_key.keyid) == held
    assert roles.held_by(BOB.public_key.keyid) == {"tech-lead": "bob"}
    assert roles.held_by("nobody") == {}
    assert {key.keyid for key in roles.keys} == {ADA.public_key.keyid, BOB.public_key.keyid}
    assert len(roles.keys) == 2


def test_an_environment_that_is_left_out_is_refused(tmp_path):
    said = refused(tmp_path, environments={"staging": []})
    assert "does not say whom prod asks for" in said


def test_a_role_that_nobody_defines_is_refused(tmp_path):
    said = refused(tmp_path, environments={"staging": ["boss"], "prod": []})
    assert "it asks for boss, which is no role" in said


def test_a_hotfix_role_that_nobody_defines_is_refused(tmp_path):
    assert "it asks for boss" in refused(tmp_path, hotfix=["boss"])


def test_a_hotfix_that_asks_nobody_is_refused(tmp_path):
    assert "hotfix" in refused(tmp_path, hotfix=[])


def test_a_key_that_is_none_is_refused(tmp_path):
    wrong = {"backend-lead": [{"person": "ada", "public": "abc"}], "tech-lead": []}
    assert "public" in refused(tmp_path, roles=wrong)


def test_a_fact_that_nothing_reads_is_refused(tmp_path):
    assert "quorum" in refused(tmp_path, quorum=2)


def test_a_file_that_is_no_yaml_is_refused(tmp_path):
    with pytest.raises(BallastError, match="cannot be read"):
        read(tmp_path, "roles: [")


def test_without_the_file_nobody_knows_whom_to_ask(tmp_path):
    with pytest.raises(BallastError, match="nobody says who must sign off"):
        roles_in(Checkout(tmp_path))

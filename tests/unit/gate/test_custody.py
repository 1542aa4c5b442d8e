"""Which committed keys are trusted: the first, and those that a trusted one vouches for."""

import json

import pytest
from securesystemslib.signer import CryptoSigner, Key

from ballast.gate import signing
from ballast.gate.custody import (
    CUSTODY,
    ENDORSEMENT,
    custody_in_vault,
    custody_of,
    endorsed,
    endorsement_statement,
    endorser_of,
    in_vault,
    standings,
)
from ballast.gate.record_store import KEYS, committed_keys

FIRST, SECOND, THIRD, STRANGER = (CryptoSigner.generate_ed25519() for _ in range(4))


def vouched(signer: CryptoSigner, by: CryptoSigner) -> Key:
    key = signer.public_key
    return endorsed(key, signing.sign(endorsement_statement(key), by))


def trusted(*keys: Key) -> list[str]:
    return [one.key.keyid for one in standings(keys) if one.trusted]


def ids(*signers: CryptoSigner) -> list[str]:
    return [signer.public_key.keyid for signer in signers]


def test_a_single_key_is_the_first_and_trusted():
    [one] = standings([FIRST.public_key])
    assert one.trusted
    assert one.first
    assert "kept in file; the first key" in one.said


def test_a_key_that_the_first_vouches_for_is_trusted():
    first, second = standings([FIRST.public_key, vouched(SECOND, FIRST)])
    assert (first.trusted, first.first) == (True, True)
    assert (second.trusted, second.first) == (True, False)
    assert f"{FIRST.public_key.keyid[:16]} vouches for it" in second.said


def test_trust_goes_on_along_the_chain_whatever_the_order_of_the_files():
    keys = [vouched(THIRD, SECOND), vouched(SECOND, FIRST), FIRST.public_key]
    assert trusted(*keys) == ids(THIRD, SECOND, FIRST)


def test_a_key_with_a_false_endorsement_is_not_trusted_nor_what_it_vouches_for():
    forged = vouched(SECOND, FIRST)
    envelope = json.loads(json.dumps(forged.unrecognized_fields[ENDORSEMENT]))
    envelope["signatures"][0]["sig"] = vouched(THIRD, FIRST).unrecognized_fields[ENDORSEMENT][
        "signatures"
    ][0]["sig"]
    forged = endorsed(SECOND.public_key, json.dumps(envelope))
    keys = [FIRST.public_key, forged, vouched(THIRD, SECOND)]
    assert trusted(*keys) == ids(FIRST)
    assert "does not vouch for it: not trusted" in standings(keys)[1].said


def test_an_endorsement_of_another_key_is_not_one_of_this():
    statement = endorsement_statement(THIRD.public_key)
    borrowed = endorsed(SECOND.public_key, signing.sign(statement, FIRST))
    assert trusted(FIRST.public_key, borrowed) == ids(FIRST)


def test_an_endorsement_that_hides_where_the_key_is_kept_is_false():
    moved = vouched(SECOND, FIRST)
    moved.unrecognized_fields[CUSTODY] = custody_in_vault("ballast-gate", 1)
    assert trusted(FIRST.public_key, moved) == ids(FIRST)


def test_keys_that_vouch_for_each_other_alone_are_not_trusted():
    assert trusted(vouched(SECOND, THIRD), vouched(THIRD, SECOND)) == []


def test_a_key_whose_endorser_was_removed_stands_first():
    [one] = standings([vouched(SECOND, FIRST)])
    assert one.trusted
    assert one.first
    assert "that vouched for it was removed" in one.said


def test_a_key_says_where_it_is_kept():
    key = SECOND.public_key
    assert (custody_of(key), in_vault(key)) == ("file", False)
    kept = signing.public_key(signing.public_document(key))
    kept.unrecognized_fields[CUSTODY] = custody_in_vault("ballast-gate", 3)
    assert (custody_of(kept), in_vault(kept)) == ("hv:ballast-gate/3", True)


def test_a_key_without_an_endorsement_has_no_endorser():
    assert endorser_of(FIRST.public_key) == ""
    assert endorser_of(vouched(SECOND, FIRST)) == FIRST.public_key.keyid


def test_custody_and_endorsement_survive_the_committed_document():
    key = vouched(SECOND, FIRST)
    assert signing.public_key(signing.public_document(key)) == key


@pytest.mark.parametrize("by", [FIRST, STRANGER])
def test_only_trusted_keys_open_what_admission_reads(by: CryptoSigner):
    evidence = {
        f"{KEYS}/{key.keyid[:16]}.json": signing.public_document(key)
        for key in (FIRST.public_key, vouched(SECOND, by), STRANGER.public_key)
    }
    # The stranger's key is committed beside the first: what stands in Git was reviewed.
    assert {key.keyid for key in committed_keys(evidence)} == set(ids(FIRST, SECOND, STRANGER))
    forged = json.loads(evidence[f"{KEYS}/{SECOND.public_key.keyid[:16]}.json"])
    forged[ENDORSEMENT]["payload"] = forged[ENDORSEMENT]["payload"][:-8] + "AAAAAAA="
    evidence[f"{KEYS}/{SECOND.public_key.keyid[:16]}.json"] = json.dumps(forged)
    assert {key.keyid for key in committed_keys(evidence)} == set(ids(FIRST, STRANGER))

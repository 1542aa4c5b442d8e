"""Only a token of our issuer, for us, signed with a known key, in its time, names a user."""

import json
import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import keys as module
from gateway.keys import KeySet, KeySetError, read_keys
from gateway.middleware.auth import TokenVerifier
from gateway.settings import GatewaySettings
from todo_shared.errors import UnauthorizedError, UnavailableError

KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()


def jwks(*named: tuple[str, Ed25519PrivateKey]) -> str:
    """A key set document."""
    entries = [
        jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": name}
        for name, key in named
    ]
    return json.dumps({"keys": entries})


def claims(**changes: Any) -> dict[str, Any]:
    """Claims of a good token."""
    now = int(time.time())
    good = {"sub": "ann", "iss": "https://identity.todo.local", "aud": "todo", "exp": now + 60}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: Any = KEY, kid: str = "k1", algorithm: str = "EdDSA", **changes: Any) -> str:
    """A token."""
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": kid})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    document = tmp_path / "jwks.json"
    document.write_text(jwks(("k1", KEY)))
    return document


@pytest.fixture
def verifier(path: Path) -> TokenVerifier:
    return TokenVerifier(KeySet(path), GatewaySettings(jwks_path=path))


def test_a_good_token_names_its_user(verifier: TokenVerifier) -> None:
    assert verifier.principal(signed()).user_id == "ann"


def test_a_clock_that_is_a_little_off_is_tolerated(verifier: TokenVerifier) -> None:
    assert verifier.principal(signed(exp=int(time.time()) - 10)).user_id == "ann"
    assert verifier.principal(signed(nbf=int(time.time()) + 10)).user_id == "ann"


def by_a_clock(ahead: int, lifetime: int = 60) -> str:
    """A token of an issuer whose clock is so many seconds ahead of ours."""
    now = int(time.time()) + ahead
    return signed(iat=now, nbf=now, exp=now + lifetime)


@pytest.mark.parametrize("ahead", [-80, -20, 0, 20])
def test_an_issuer_whose_clock_is_off_by_less_than_stated_is_believed(
    verifier: TokenVerifier, ahead: int
) -> None:
    # Behind: 60 s of the token and 30 s of leeway. Ahead: the leeway alone.
    assert verifier.principal(by_a_clock(ahead)).user_id == "ann"


@pytest.mark.parametrize(
    ("ahead", "said"), [(-100, "the token has expired"), (40, "the token is not valid")]
)
def test_an_issuer_whose_clock_is_off_by_more_is_not(
    verifier: TokenVerifier, ahead: int, said: str
) -> None:
    with pytest.raises(UnauthorizedError, match=said):
        verifier.principal(by_a_clock(ahead))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
        {"iss": "https://elsewhere"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "a\nb"},
        {"sub": "x" * 129},
        {"kid": "unknown"},
        {"key": OTHER},
    ],
    # The same in every process: of a moment or a key only its name.
    ids=lambda changes: " ".join(
        f"{name}={value if isinstance(value, str) or value is None else '...'}"
        for name, value in changes.items()
    )[:40],
)
def test_any_other_token_is_refused(verifier: TokenVerifier, changes: dict[str, Any]) -> None:
    with pytest.raises(UnauthorizedError):
        verifier.principal(signed(**changes))


def test_a_token_cannot_choose_its_algorithm(verifier: TokenVerifier) -> None:
    unsigned = jwt.encode(claims(), None, algorithm="none", headers={"kid": "k1"})
    mac = jwt.encode(claims(), "secret" * 8, algorithm="HS256", headers={"kid": "k1"})
    private = rsa.generate_private_key(65537, 2048)
    foreign = jwt.encode(claims(), private, algorithm="RS256", headers={"kid": "k1"})
    for token in (unsigned, mac, foreign, "", "a.b.c"):
        with pytest.raises(UnauthorizedError):
            verifier.principal(token)


def test_a_new_key_is_taken_and_a_removed_one_refused(
    verifier: TokenVerifier, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.0)
    assert verifier.principal(signed()).user_id == "ann"
    path.write_text(jwks(("k2", OTHER)))
    os.utime(path, ns=(1, 1))
    assert verifier.principal(signed(OTHER, "k2")).user_id == "ann"
    with pytest.raises(UnauthorizedError):
        verifier.principal(signed())


def test_a_broken_key_set_does_not_replace_a_good_one(
    verifier: TokenVerifier, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.0)
    assert verifier.principal(signed()).user_id == "ann"
    path.write_text("{")
    os.utime(path, ns=(1, 1))
    assert verifier.principal(signed()).user_id == "ann"


def test_without_a_key_set_nobody_is_let_in(tmp_path: Path) -> None:
    absent = KeySet(tmp_path / "none.json")
    assert not absent.usable()
    with pytest.raises(UnavailableError):
        TokenVerifier(absent, GatewaySettings()).principal(signed())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "RSA"}]}'])
def test_a_document_without_a_usable_key_is_refused(text: str) -> None:
    with pytest.raises(KeySetError):
        read_keys(text)


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        (None, {"user"}),
        ("admin", {"admin"}),
        ("user, admin", {"user", "admin"}),
        ("", {"user"}),
        (["admin"], {"user"}),
        (7, {"user"}),
    ],
)
def test_roles_come_from_one_claim_with_commas(
    verifier: TokenVerifier, claim: Any, roles: set[str]
) -> None:
    assert verifier.principal(signed(role=claim)).roles == roles


def test_the_id_of_a_public_key_is_found_in_the_key_set(path: Path) -> None:
    assert KeySet(path).id_of(KEY.public_key()) == "k1"
    assert KeySet(path).id_of(OTHER.public_key()) is None

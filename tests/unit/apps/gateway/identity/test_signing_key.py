"""The signing key is checked at start and shown nowhere."""

import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.app import create_app
from gateway.identity.signing_key import SigningKeyError, load_signing_key
from gateway.identity.tokens import TokenIssuer
from gateway.keys import KeySet
from gateway.middleware.auth import TokenVerifier
from gateway.roles import Role
from gateway.settings import GatewaySettings, IdentitySettings
from todo_shared.settings import ServiceSettings, SettingsError

KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()


def jwk(key: Ed25519PrivateKey) -> str:
    """The private key as JWK."""
    return json.dumps(jwt.algorithms.OKPAlgorithm.to_jwk(key, as_dict=True) | {"kid": "other"})


def pem(key: Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    """The private key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


PUBLIC = json.dumps(jwt.algorithms.OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True))


@pytest.fixture
def keys(tmp_path: Path) -> KeySet:
    """A key set with the public half of KEY, and another key before it."""
    path = tmp_path / "jwks.json"
    entries = [
        jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid}
        for kid, key in (("k0", Ed25519PrivateKey.generate()), ("k1", KEY))
    ]
    path.write_text(json.dumps({"keys": entries}))
    return KeySet(path)


@pytest.mark.parametrize("text", [jwk(KEY), pem(KEY)], ids=["jwk", "pem"])
def test_what_it_signs_is_accepted_under_the_id_of_the_key_set(
    keys: KeySet, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    key = load_signing_key(path, keys)
    settings = GatewaySettings()
    issuer = TokenIssuer(key, settings.token_issuer, settings.token_audience, 60)
    token = issuer.issue("ann", Role.ADMIN)
    assert jwt.get_unverified_header(token)["kid"] == "k1"
    found = TokenVerifier(keys, settings).principal(token)
    assert (found.user_id, found.roles) == ("ann", {"admin"})
    assert "private" not in repr(key)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not an Ed25519 private key"),
        ("[]", "not an Ed25519 private key"),
        ("{}", "not an Ed25519 private key"),
        (PUBLIC, "not an Ed25519 private key"),
        ("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----", "not an Ed25519"),
        (pem(rsa.generate_private_key(65537, 2048)), "not an Ed25519 private key"),
        (jwk(OTHER), "its public half is not in the key set"),
    ],
    ids=["nothing", "list", "empty", "public", "no-pem", "rsa", "other"],
)
def test_an_unusable_key_is_refused_without_showing_it(
    keys: KeySet, tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    with pytest.raises(SigningKeyError, match=problem) as caught:
        load_signing_key(path, keys)
    assert caught.value.__cause__ is None
    assert text == "" or text not in str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


def test_a_missing_key_or_key_set_is_named(keys: KeySet, tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="none: No such file"):
        load_signing_key(tmp_path / "none", keys)
    path = tmp_path / "key"
    path.write_text(pem(KEY))
    with pytest.raises(SigningKeyError, match="there is no key set to check it with"):
        load_signing_key(path, KeySet(tmp_path / "absent.json"))


def test_identity_without_counters_does_not_start(keys: KeySet, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(pem(KEY))
    identity = IdentitySettings(identity_signing_key_path=path)
    service, gateway = ServiceSettings(), GatewaySettings(jwks_path=keys.path)
    with pytest.raises(SettingsError, match="needs REDIS_URL"):
        create_app(service, gateway, identity)
    path.write_text(jwk(OTHER))
    counted = GatewaySettings(jwks_path=keys.path, redis_url="redis://127.0.0.1:9")
    with pytest.raises(SigningKeyError):
        create_app(service, counted, identity)

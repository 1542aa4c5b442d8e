"""Tokens of a load run are what the gateway's key set verifies."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ballast.errors import BallastError
from ballast.gate.tokens import identity_of, mint


class Secrets:
    def __init__(self, data):
        self.data = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}

    def get(self, api_version, kind, name, namespace=None):
        assert (kind, name, namespace) == ("Secret", "identity", "todo-app-dev")
        return {"data": self.data}


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def secrets_of(key: Ed25519PrivateKey) -> Secrets:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    return Secrets({"private.pem": pem, "jwks.json": json.dumps({"keys": [{"kid": "k1"}]})})


def test_a_minted_token_names_its_user_issuer_and_key(key):
    token = mint(identity_of(secrets_of(key), "dev"), "user-1")
    claims = jwt.decode(
        token,
        key.public_key(),
        algorithms=["EdDSA"],
        audience="todo",
        issuer="https://identity.todo.local",
    )
    assert claims["sub"] == "user-1"
    assert jwt.get_unverified_header(token)["kid"] == "k1"


@pytest.mark.parametrize("data", [{}, {"private.pem": "x"}, {"jwks.json": "{}"}])
def test_an_environment_without_a_key_is_a_sentence(data):
    with pytest.raises(BallastError, match="holds no usable key"):
        identity_of(Secrets(data), "dev")

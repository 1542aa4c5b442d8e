"""The private key that tokens are signed with. It is in no log and in no error message."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.keys import ALGORITHM, KeySet, KeySetError


class SigningKeyError(Exception):
    """There is no usable signing key; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the id of its public half in the key set."""

    key_id: str
    private: Ed25519PrivateKey = field(repr=False)


def load_signing_key(path: Path, keys: KeySet) -> SigningKey:
    """The Ed25519 key in `path`, JWK or PEM; raises SigningKeyError.

    Its public half must be in `keys`, or nobody could check what it signs.
    """
    try:
        private = _read(path.read_text())
    except OSError as error:
        raise SigningKeyError(f"{path}: {error.strerror}") from None
    if private is None:
        raise SigningKeyError(f"{path}: not an Ed25519 private key, as JWK or PEM")
    try:
        key_id = keys.id_of(private.public_key())
    except KeySetError as error:
        raise SigningKeyError(f"{path}: there is no key set to check it with: {error}") from None
    if key_id is None:
        raise SigningKeyError(f"{path}: its public half is not in the key set {keys.path}")
    return SigningKey(key_id, private)


def _read(text: str) -> Ed25519PrivateKey | None:
    # Errors of the parsers are dropped on purpose: some of them quote their input.
    try:
        if text.lstrip().startswith("-----BEGIN"):
            key: object = load_pem_private_key(text.encode(), password=None)
        else:
            document: Any = json.loads(text)
            key = jwt.PyJWK(document, ALGORITHM).key
    except (ValueError, TypeError, AttributeError, KeyError, jwt.PyJWTError):
        return None
    return key if isinstance(key, Ed25519PrivateKey) else None

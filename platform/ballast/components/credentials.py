"""Fresh random credentials: passwords, SSH keys, and the signing key of an identity issuer."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class SshKey:
    """An Ed25519 key pair in OpenSSH's formats."""

    private: str
    public: str


def random_text(length: int = 32) -> str:
    """A URL-safe random text with `length` bytes of entropy."""
    return secrets.token_urlsafe(length)


def ssh_key(comment: str) -> SshKey:
    """A new Ed25519 key pair for an SSH client."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return SshKey(private=private.decode(), public=f"{public.decode()} {comment}\n")


def identity_key() -> dict[str, str]:
    """A token issuer's key: `private.pem` (Ed25519, PKCS8) and `jwks.json` with its public half.

    The key id is the RFC 7638 thumbprint, so whoever holds the private key can find it again.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    thumbprint = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    jwk = {**members, "kid": _base64url(thumbprint), "alg": "EdDSA", "use": "sig"}
    return {"private.pem": pem, "jwks.json": json.dumps({"keys": [jwk]})}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

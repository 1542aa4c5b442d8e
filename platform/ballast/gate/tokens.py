"""Tokens for the users of a load run, signed with the environment's own identity key."""

import base64
import json
import time
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from ballast.errors import BallastError
from ballast.kubeapi.shape import mapping, mappings
from ballast.names import ENVIRONMENT_NAMESPACES, TOKEN_AUDIENCE, TOKEN_ISSUER

IDENTITY_SECRET = "identity"  # noqa: S105 - the name of a Secret


class Secrets(Protocol):
    """Where Secrets are read: KubeApi."""

    def get(
        self, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> dict[str, Any] | None:
        """The object, or None."""
        ...


@dataclass(frozen=True)
class Identity:
    """The issuer's private key as PEM, and the id that its public half has in the key set."""

    private_key: str
    key_id: str


def identity_of(api: Secrets, environment: str) -> Identity:
    """The key that the environment's gateway trusts; BallastError when the Secret lacks it."""
    namespace = ENVIRONMENT_NAMESPACES[environment]
    secret = mapping(api.get("v1", "Secret", IDENTITY_SECRET, namespace))
    data = mapping(secret.get("data"))
    try:
        key_set = mapping(json.loads(base64.b64decode(str(data["jwks.json"]))))
        return Identity(
            private_key=base64.b64decode(str(data["private.pem"])).decode(),
            key_id=str(mappings(key_set["keys"])[0]["kid"]),
        )
    except (KeyError, IndexError, ValueError) as wrong:
        raise BallastError(
            f"Secret {namespace}/{IDENTITY_SECRET} holds no usable key: {wrong}",
            fix="bring the environment up first: make up",
        ) from wrong


def mint(identity: Identity, subject: str, lifetime: float = 1800.0) -> str:
    """A token for one user, valid for `lifetime` seconds."""
    now = int(time.time())
    claims = {
        "iss": TOKEN_ISSUER,
        "aud": TOKEN_AUDIENCE,
        "sub": subject,
        "iat": now,
        "exp": now + int(lifetime),
    }
    headers = {"kid": identity.key_id}
    return jwt.encode(claims, identity.private_key, algorithm="EdDSA", headers=headers)

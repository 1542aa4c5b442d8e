"""The tokens that are handed out: a signed one for minutes, an opaque one for weeks."""

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import jwt

from gateway.identity.signing_key import SigningKey
from gateway.keys import ALGORITHM
from gateway.roles import Role
from todo_shared.dapr import state_key

_SECRET_BYTES: Final = 32
_PARTS: Final = 3


class TokenIssuer:
    """Signs access tokens, such as the ones that the gateway accepts."""

    def __init__(self, key: SigningKey, issuer: str, audience: str, seconds: int) -> None:
        self._key = key
        self._issuer = issuer
        self._audience = audience
        self.seconds = seconds

    def issue(self, user_id: str, role: Role) -> str:
        """A token that names the user, good from now for `seconds`."""
        now = int(time.time())
        claims = {
            "sub": user_id,
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": now + self.seconds,
            "jti": str(uuid4()),
            "role": role.value,
        }
        headers = {"kid": self._key.key_id}
        return jwt.encode(claims, self._key.private, algorithm=ALGORITHM, headers=headers)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """An opaque token. All that descend from one login share `family`, only one has `secret`.

    Only hashes of both are stored. Whoever shows a known family with another secret shows a token
    that was used before, or stolen: the two cannot be told apart, and both end the family.
    """

    user_id: str
    family: str = field(repr=False)
    secret: str = field(repr=False)

    @classmethod
    def first(cls, user_id: str) -> "RefreshToken":
        """The token of a new login."""
        return cls(user_id, _random(), _random())

    @classmethod
    def parse(cls, text: str) -> "RefreshToken | None":
        """The token that `text` spells, None when it spells none."""
        parts = text.split(".")
        if len(parts) != _PARTS or not all(parts) or not text.isascii():
            return None
        return cls(*parts)

    def next(self) -> "RefreshToken":
        """The token that replaces this one."""
        return RefreshToken(self.user_id, self.family, _random())

    @property
    def text(self) -> str:
        """What the client gets."""
        return f"{self.user_id}.{self.family}.{self.secret}"

    @property
    def key(self) -> str:
        """The key of the family's record."""
        return state_key("refresh-token", self.user_id, digest(self.family))


def digest(text: str) -> str:
    """The SHA-256 of `text` in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _random() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)

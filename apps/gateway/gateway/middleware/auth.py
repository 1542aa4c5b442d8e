"""Who is calling: the subject of a verified token, and nothing else."""

from typing import Annotated, Any, Final

import jwt
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway.keys import ALGORITHM, KeySet, KeySetError
from gateway.settings import GatewaySettings
from todo_shared.errors import UnauthorizedError, UnavailableError

_BEARER: Final = HTTPBearer(auto_error=False, description="A JWT signed with EdDSA")
_MAX_SUBJECT: Final = 128


class TokenVerifier:
    """Checks signature, algorithm, issuer, audience and times of a token."""

    def __init__(self, keys: KeySet, settings: GatewaySettings) -> None:
        self._keys = keys
        self._settings = settings

    def subject(self, token: str) -> str:
        """The user id that `token` proves; raises UnauthorizedError, UnavailableError."""
        try:
            header = jwt.get_unverified_header(token)
            # The algorithm is ours, never the token's: `none` and HMAC with a public key end here.
            key = self._keys.key(str(header.get("kid", "")))
            if key is None or header.get("alg") != ALGORITHM:
                raise UnauthorizedError("the token was not signed with a known key")
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[ALGORITHM],
                issuer=self._settings.token_issuer,
                audience=self._settings.token_audience,
                leeway=self._settings.token_leeway_seconds,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise UnauthorizedError("the token has expired") from error
        except jwt.PyJWTError as error:
            raise UnauthorizedError("the token is not valid") from error
        except KeySetError as error:
            raise UnavailableError("tokens cannot be checked now") from error
        return _user_id(claims["sub"])


def _user_id(subject: object) -> str:
    # It travels in a header, so only what is safe there.
    if (
        isinstance(subject, str)
        and 0 < len(subject) <= _MAX_SUBJECT
        and all("!" <= character <= "~" for character in subject)
    ):
        return subject
    raise UnauthorizedError("the token names no usable subject")


async def user(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> str:
    """The id of the authenticated user; raises UnauthorizedError."""
    if credentials is None:
        raise UnauthorizedError("a Bearer token is required")
    verifier: TokenVerifier = request.app.state.verifier
    return verifier.subject(credentials.credentials)


User = Annotated[str, Depends(user)]

"""Who is calling: the subject of a verified token, and nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import jwt
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import ForbiddenError
from gateway.keys import ALGORITHM, KeySet, KeySetError
from gateway.roles import Role
from gateway.settings import GatewaySettings
from todo_shared.errors import ServiceError, UnauthorizedError, UnavailableError

_BEARER: Final = HTTPBearer(auto_error=False, description="A JWT signed with EdDSA")
_MAX_SUBJECT: Final = 128
_STATE: Final = "authentication"


@dataclass(frozen=True, slots=True)
class Principal:
    """A user whose token was verified, and what the token says they may do."""

    user_id: str
    roles: frozenset[str]


class TokenVerifier:
    """Checks signature, algorithm, issuer, audience and times of a token."""

    def __init__(self, keys: KeySet, settings: GatewaySettings) -> None:
        self._keys = keys
        self._settings = settings

    def principal(self, token: str) -> Principal:
        """Whom `token` proves; raises UnauthorizedError, UnavailableError."""
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
        return Principal(_user_id(claims["sub"]), _roles(claims.get("role")))


def _user_id(subject: object) -> str:
    # It travels in a header, so only what is safe there.
    if (
        isinstance(subject, str)
        and 0 < len(subject) <= _MAX_SUBJECT
        and all("!" <= character <= "~" for character in subject)
    ):
        return subject
    raise UnauthorizedError("the token names no usable subject")


def _roles(claim: object) -> frozenset[str]:
    # Better Auth writes several roles into one claim, with commas between them.
    named = claim.split(",") if isinstance(claim, str) else []
    return frozenset(name.strip() for name in named if name.strip()) or frozenset({Role.USER})


class AuthenticationMiddleware:
    """Verifies the Bearer token of a request once, for all that come after it.

    It refuses nothing: whether a token is needed is the route's to say.
    """

    def __init__(self, app: ASGIApp, verifier: TokenVerifier) -> None:
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            if scheme.lower() == "bearer":
                state = scope.setdefault("state", {})
                try:
                    principal = self._verifier.principal(token.strip())
                except ServiceError as error:
                    state[_STATE] = error
                else:
                    state[_STATE] = principal
                    state["user_id"] = principal.user_id
        await self._app(scope, receive, send)


def principal_of(scope: Scope) -> Principal | None:
    """The verified user of a request, None when there is none."""
    found = scope.get("state", {}).get(_STATE)
    return found if isinstance(found, Principal) else None


async def principal(
    request: Request,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Principal:
    """The authenticated user; raises UnauthorizedError, UnavailableError."""
    found = request.scope.get("state", {}).get(_STATE)
    if isinstance(found, Principal):
        return found
    raise found or UnauthorizedError("a Bearer token is required")


async def user(found: Annotated[Principal, Depends(principal)]) -> str:
    """The id of the authenticated user; raises UnauthorizedError."""
    return found.user_id


def require_role(role: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that lets only users with `role` pass; others get ForbiddenError."""

    async def holder(found: Annotated[Principal, Depends(principal)]) -> Principal:
        if role not in found.roles:
            raise ForbiddenError(f"this needs the role {role}")
        return found

    return holder


User = Annotated[str, Depends(user)]

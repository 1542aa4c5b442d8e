"""Public routes of identity: the only ones that work without a token."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AfterValidator, EmailStr, Field, SecretStr

from gateway.identity.accounts import Accounts
from gateway.identity.module import Identity
from gateway.identity.passwords import MAX_BYTES, MIN_BYTES
from gateway.identity.records import UserRecord
from gateway.identity.sessions import Session, Sessions
from gateway.middleware.auth import require_role
from gateway.roles import Role
from todo_shared.errors import NotFoundError
from todo_shared.models import ApiModel

_TAGS: Final[list[str | Enum]] = ["identity"]


def _hashable(value: SecretStr) -> SecretStr:
    size = len(value.get_secret_value().encode())
    if not MIN_BYTES <= size <= MAX_BYTES:
        raise ValueError(f"must have {MIN_BYTES} to {MAX_BYTES} bytes in UTF-8")
    return value


# One person has one address, however it is written.
Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(str.lower)]
Password = Annotated[
    SecretStr,
    Field(description=f"{MIN_BYTES} to {MAX_BYTES} bytes in UTF-8"),
    AfterValidator(_hashable),
]
Token = Annotated[SecretStr, Field(min_length=1, max_length=512)]


class Credentials(ApiModel):
    """What proves who somebody is."""

    email: Email
    password: Password


class RefreshRequest(ApiModel):
    """A refresh token."""

    refresh_token: Token


class RoleRequest(ApiModel):
    """The role that a user shall have."""

    role: Role


class UserResponse(ApiModel):
    """An account as the API shows it."""

    id: str
    email: str
    role: Role
    created_at: datetime


class SessionResponse(ApiModel):
    """Tokens: `access_token` is the Bearer token, `refresh_token` gets the next pair, once."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a kind of token
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    user: UserResponse


async def _identity(request: Request) -> Identity:
    identity: Identity | None = request.app.state.identity
    if identity is None:
        raise NotFoundError("tokens are issued elsewhere")
    return identity


async def _accounts(identity: Annotated[Identity, Depends(_identity)]) -> Accounts:
    return identity.accounts


async def _sessions(identity: Annotated[Identity, Depends(_identity)]) -> Sessions:
    return identity.sessions


AccountsOf = Annotated[Accounts, Depends(_accounts)]
SessionsOf = Annotated[Sessions, Depends(_sessions)]


async def register(body: Credentials, accounts: AccountsOf) -> SessionResponse:
    """Make an account, and begin its first session."""
    return _session(await accounts.register(body.email, body.password.get_secret_value()))


async def login(body: Credentials, accounts: AccountsOf) -> SessionResponse:
    """Begin a session. After five failures in a row the account is locked for 15 minutes."""
    return _session(await accounts.login(body.email, body.password.get_secret_value()))


async def refresh(body: RefreshRequest, sessions: SessionsOf) -> SessionResponse:
    """Get the next pair of tokens. A refresh token used twice ends the session."""
    return _session(await sessions.refresh(body.refresh_token.get_secret_value()))


async def logout(body: RefreshRequest, sessions: SessionsOf) -> None:
    """End the session: no refresh token of it works any more."""
    await sessions.end(body.refresh_token.get_secret_value())


async def give_role(
    user_id: Annotated[str, Path(max_length=128)], body: RoleRequest, accounts: AccountsOf
) -> UserResponse:
    """Give a user a role; their next token has it. Only for the role admin."""
    return _user(await accounts.give_role(user_id, body.role))


def auth_router(prefix: str) -> APIRouter:
    """The routes that need no token, below `prefix`."""
    router = APIRouter(prefix=f"{prefix}/auth", tags=_TAGS)
    router.add_api_route("/register", register, methods=["POST"], status_code=201)
    router.add_api_route("/login", login, methods=["POST"])
    router.add_api_route("/refresh", refresh, methods=["POST"])
    router.add_api_route("/logout", logout, methods=["POST"], status_code=204)
    return router


def users_router(prefix: str) -> APIRouter:
    """The routes of accounts, below `prefix`."""
    router = APIRouter(prefix=prefix, tags=_TAGS, dependencies=[Depends(require_role(Role.ADMIN))])
    router.add_api_route("/users/{user_id}/role", give_role, methods=["PUT"])
    return router


def auth_paths(prefix: str) -> list[str]:
    """The paths of `auth_router`, which are limited more tightly."""
    return [f"{prefix}/auth/{name}" for name in ("register", "login", "refresh", "logout")]


def _session(session: Session) -> SessionResponse:
    return SessionResponse(
        access_token=session.access_token,
        expires_in=session.access_seconds,
        refresh_token=session.refresh_token,
        refresh_expires_in=session.refresh_seconds,
        user=_user(session.user),
    )


def _user(user: UserRecord) -> UserResponse:
    return UserResponse(
        id=user.user_id, email=user.email, role=user.role, created_at=user.created_at
    )

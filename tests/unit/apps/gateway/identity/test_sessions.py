"""A refresh token is good for one use, also when two are made at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from memory_store import MemoryStore

from gateway.counters import CountersUnavailableError
from gateway.errors import TooManyAttemptsError
from gateway.identity.lockout import Lockout
from gateway.identity.records import UserRecord, user_key
from gateway.identity.sessions import Sessions
from gateway.identity.signing_key import SigningKey
from gateway.identity.tokens import RefreshToken, TokenIssuer
from gateway.roles import Role
from todo_shared.dapr import Upsert
from todo_shared.errors import UnauthorizedError, UnavailableError

ANN = UserRecord(
    user_id="ann",
    email="ann@example.com",
    password_hash="$2b$04$x",
    role=Role.USER,
    created_at=datetime.now(UTC),
    events=1,
)


async def started(store: MemoryStore) -> tuple[Sessions, str]:
    """Sessions of a store in which Ann has one, and its refresh token."""
    key = SigningKey("k1", Ed25519PrivateKey.generate())
    sessions = Sessions(store, TokenIssuer(key, "issuer", "todo", 60), 86_400)
    session = sessions.start(ANN)
    await store.transact([Upsert(user_key("ann"), ANN.stored()), session.record])
    return sessions, session.session.refresh_token


async def test_two_uses_at_the_same_moment_end_the_session() -> None:
    store = MemoryStore()
    sessions, text = await started(store)
    first, second = await asyncio.gather(
        sessions.refresh(text), sessions.refresh(text), return_exceptions=True
    )
    outcomes = {type(first), type(second)}
    assert UnauthorizedError in outcomes
    assert not [key for key in store.values if key.startswith("refresh-token:")]


async def test_a_user_who_is_gone_gets_no_tokens() -> None:
    store = MemoryStore()
    sessions, text = await started(store)
    del store.values[user_key("ann")]
    with pytest.raises(UnauthorizedError):
        await sessions.refresh(text)


async def test_a_token_of_one_user_says_nothing_about_another() -> None:
    store = MemoryStore()
    sessions, text = await started(store)
    _, family, secret = text.split(".")
    with pytest.raises(UnauthorizedError):
        await sessions.refresh(f"bob.{family}.{secret}")
    await sessions.end(f"bob.{family}.{secret}")
    assert (await sessions.refresh(text)).user == ANN


def test_neither_records_nor_tokens_show_their_secrets() -> None:
    token = RefreshToken.first("ann")
    assert token.secret not in repr(token) and token.family not in repr(token)
    assert token.secret not in token.key and token.family not in token.key
    assert ANN.password_hash not in repr(ANN) and ANN.email not in repr(ANN)


class Failing:
    """Counters that go away after some scripts."""

    def __init__(self, answers: Sequence[int]) -> None:
        self.answers = list(answers)

    def script(self, _: str) -> Callable[..., Awaitable[Any]]:
        async def run(*_: Any) -> int:
            if not self.answers:
                raise CountersUnavailableError("away")
            return self.answers.pop(0)

        return run


async def test_a_login_is_not_tried_uncounted_but_a_success_needs_no_count() -> None:
    lockout = Lockout(Failing([0]), 5, 900)  # type: ignore[arg-type]
    await lockout.attempt("ann@example.com")
    await lockout.succeeded("ann@example.com")
    with pytest.raises(UnavailableError):
        await lockout.attempt("ann@example.com")


async def test_the_wait_of_a_locked_account_is_rounded_up() -> None:
    lockout = Lockout(Failing([1]), 5, 900)  # type: ignore[arg-type]
    with pytest.raises(TooManyAttemptsError) as caught:
        await lockout.attempt("ann@example.com")
    assert caught.value.headers == {"retry-after": "1"}

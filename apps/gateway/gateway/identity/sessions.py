"""Sessions: a login, kept alive by refresh tokens that are each good for one use."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from gateway.identity.contention import again_on_conflict
from gateway.identity.records import FamilyRecord, UserRecord, read, user_key
from gateway.identity.tokens import RefreshToken, TokenIssuer, digest
from todo_shared.dapr import Delete, StateConflictError, StateStore, Upsert
from todo_shared.errors import UnauthorizedError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """What a client gets: a token for requests, and one to get the next pair with."""

    user: UserRecord
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_seconds: int
    refresh_seconds: int


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session, and the record that makes it real once it is written."""

    session: Session
    record: Upsert


class Sessions:
    """Sessions in a state store. All methods raise UnavailableError when it cannot be reached."""

    def __init__(self, store: StateStore, issuer: TokenIssuer, refresh_seconds: int) -> None:
        self._store = store
        self._issuer = issuer
        self._refresh_seconds = refresh_seconds

    def start(self, user: UserRecord) -> StartedSession:
        """A session of a user who has just proved who they are."""
        token = RefreshToken.first(user.user_id)
        return StartedSession(self._session(user, token), self._record(token, None))

    async def refresh(self, text: str) -> Session:
        """The next pair of tokens; raises UnauthorizedError.

        A token that was used before ends its family: it, or its successor, is in wrong hands.
        """
        token = RefreshToken.parse(text)
        if token is None:
            raise UnauthorizedError("the refresh token is not valid")
        return await again_on_conflict(lambda: self._rotate(token))

    async def end(self, text: str) -> None:
        """End the session that the refresh token belongs to; one that is over stays over."""
        token = RefreshToken.parse(text)
        if token is not None:
            await again_on_conflict(lambda: self._store.transact([Delete(token.key)]))

    async def _rotate(self, token: RefreshToken) -> Session:
        family = await read(self._store, token.key, FamilyRecord)
        user = await read(self._store, user_key(token.user_id), UserRecord)
        if family is None or user is None:
            raise UnauthorizedError("the refresh token is not valid")
        record, etag = family
        if not record.holds(token.secret, datetime.now(UTC)):
            await self._revoke(token)
        successor = token.next()
        try:
            await self._store.transact([self._record(successor, etag)])
        except StateConflictError:
            # Somebody used the same token at this very moment.
            await self._revoke(token)
        return self._session(user[0], successor)

    async def _revoke(self, token: RefreshToken) -> NoReturn:
        await self._store.transact([Delete(token.key)])
        _log.warning("a refresh token was used again", extra={"user_id": token.user_id})
        raise UnauthorizedError("the refresh token was used before, or is too old: log in again")

    def _record(self, token: RefreshToken, etag: str | None) -> Upsert:
        expires = datetime.now(UTC) + timedelta(seconds=self._refresh_seconds)
        family = FamilyRecord(current=digest(token.secret), expires_at=expires)
        return Upsert(token.key, family.stored(), etag, self._refresh_seconds)

    def _session(self, user: UserRecord, token: RefreshToken) -> Session:
        return Session(
            user=user,
            access_token=self._issuer.issue(user.user_id, user.role),
            refresh_token=token.text,
            access_seconds=self._issuer.seconds,
            refresh_seconds=self._refresh_seconds,
        )

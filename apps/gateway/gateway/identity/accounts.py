"""The use cases of identity: register, login, and giving a role.

No request waits for the broker: what is to be announced is written with the change itself.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from gateway.identity.contention import again_on_conflict
from gateway.identity.lockout import Lockout
from gateway.identity.outbox import OutboxEntry, read_shard, shard_of
from gateway.identity.passwords import PasswordHasher
from gateway.identity.records import EmailRecord, UserRecord, email_key, read, user_key
from gateway.identity.sessions import Session, Sessions
from gateway.metrics import LOGINS
from gateway.roles import Role
from todo_shared.dapr import ABSENT, StateStore, Upsert
from todo_shared.errors import ConflictError, NotFoundError, UnauthorizedError
from todo_shared.events.envelope import new_event
from todo_shared.events.payloads import EventData, UserAuthenticated, UserRegistered
from todo_shared.ids import uuid7

# An address without an account costs the same reads as one with an account.
_NOBODY: Final = "nobody"


class Accounts:
    """Accounts in a state store. All methods raise UnavailableError when it cannot be reached.

    `announce` is told the user of each new event, so that it is published soon.
    """

    def __init__(
        self,
        store: StateStore,
        hasher: PasswordHasher,
        sessions: Sessions,
        lockout: Lockout,
        announce: Callable[[str], None],
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._sessions = sessions
        self._lockout = lockout
        self._announce = announce

    async def register(self, email: str, password: str) -> Session:
        """A new account and its first session; raises ConflictError when the address has one."""
        await again_on_conflict(lambda: self._must_be_free(email))
        now = datetime.now(UTC)
        user = UserRecord(
            user_id=str(uuid4()),
            email=email,
            password_hash=await self._hasher.hash(password),
            role=Role.USER,
            created_at=now,
            events=1,
        )
        started = self._sessions.start(user)

        async def write() -> None:
            await self._must_be_free(email)
            owner = EmailRecord(user_id=user.user_id)
            await self._store.transact(
                [
                    Upsert(email_key(email), owner.stored(), ABSENT),
                    Upsert(user_key(user.user_id), user.stored(), ABSENT),
                    started.record,
                    await self._announcement(
                        UserRegistered(user_id=user.user_id, registered_at=now), user.events
                    ),
                ]
            )

        await again_on_conflict(write)
        self._announce(user.user_id)
        return started.session

    async def login(self, email: str, password: str) -> Session:
        """A session of the account; raises UnauthorizedError, TooManyAttemptsError.

        A wrong password and an unknown address get the same answer after the same work.
        """
        await self._lockout.attempt(email)
        user = await again_on_conflict(lambda: self._by_email(email))
        if not await self._hasher.verify(password, user.password_hash if user else None) or (
            user is None
        ):
            LOGINS.labels("refused").inc()
            raise UnauthorizedError("the e-mail address or the password is wrong")
        await self._lockout.succeeded(email)
        changes: dict[str, object] = {}
        if self._hasher.outdated(user.password_hash):
            changes["password_hash"] = await self._hasher.hash(password)
        user_id = user.user_id
        session = await again_on_conflict(lambda: self._authenticated(user_id, changes))
        LOGINS.labels("succeeded").inc()
        self._announce(user_id)
        return session

    async def give_role(self, user_id: str, role: Role) -> UserRecord:
        """The account with another role, which its next token has; raises NotFoundError."""

        async def write() -> UserRecord:
            user, etag = await self._existing(user_id)
            changed = user.model_copy(update={"role": role})
            await self._store.transact([Upsert(user_key(user_id), changed.stored(), etag)])
            return changed

        return await again_on_conflict(write)

    async def _authenticated(self, user_id: str, changes: dict[str, object]) -> Session:
        user, etag = await self._existing(user_id)
        changed = user.model_copy(update={**changes, "events": user.events + 1})
        started = self._sessions.start(changed)
        event = UserAuthenticated(user_id=user_id, authenticated_at=datetime.now(UTC))
        await self._store.transact(
            [
                Upsert(user_key(user_id), changed.stored(), etag),
                started.record,
                await self._announcement(event, changed.events),
            ]
        )
        return started.session

    async def _announcement(self, data: EventData, seq: int) -> Upsert:
        event = new_event(uuid7(), data, datetime.now(UTC))
        shard = await read_shard(self._store, shard_of(data.user_id))
        return shard.with_entry(OutboxEntry.of(event, seq))

    async def _existing(self, user_id: str) -> tuple[UserRecord, str]:
        found = await read(self._store, user_key(user_id), UserRecord)
        if found is None:
            raise NotFoundError("user not found")
        return found

    async def _by_email(self, email: str) -> UserRecord | None:
        owner = await read(self._store, email_key(email), EmailRecord)
        user_id = owner[0].user_id if owner else _NOBODY
        found = await read(self._store, user_key(user_id), UserRecord)
        return found[0] if found else None

    async def _must_be_free(self, email: str) -> None:
        if await self._store.get(email_key(email)) is not None:
            raise ConflictError("this e-mail address has an account")

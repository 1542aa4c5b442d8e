"""Identity put together: what it is made of, and what lives as long as the service."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.counters import Counters
from gateway.identity.accounts import Accounts
from gateway.identity.lockout import Lockout
from gateway.identity.passwords import PasswordHasher
from gateway.identity.publisher import OutboxPublisher, Publisher
from gateway.identity.sessions import Sessions
from gateway.identity.signing_key import SigningKey
from gateway.identity.tokens import TokenIssuer
from gateway.settings import GatewaySettings, IdentitySettings
from todo_shared.dapr import StateStore


@dataclass(frozen=True, slots=True)
class Identity:
    """Accounts and sessions, with the workers that they need."""

    accounts: Accounts
    sessions: Sessions
    hasher: PasswordHasher
    publisher: OutboxPublisher

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Publish events for the length of the block; the batch in hand is finished at its end."""
        publishing = asyncio.create_task(self.publisher.run(), name="identity-outbox")
        try:
            yield
        finally:
            self.publisher.stop()
            await publishing
            self.hasher.close()


def create_identity(
    settings: IdentitySettings,
    gateway_settings: GatewaySettings,
    *,
    key: SigningKey,
    counters: Counters,
    store: StateStore,
    publisher: Publisher,
) -> Identity:
    """Identity that signs with `key` and stores in `store`."""
    issuer = TokenIssuer(
        key,
        gateway_settings.token_issuer,
        gateway_settings.token_audience,
        settings.access_token_seconds,
    )
    sessions = Sessions(store, issuer, settings.refresh_token_seconds)
    hasher = PasswordHasher(settings.password_hash_cost)
    outbox = OutboxPublisher(store, publisher, settings.outbox_poll_seconds)
    lockout = Lockout(counters, settings.login_failure_limit, settings.login_lock_seconds)
    accounts = Accounts(store, hasher, sessions, lockout, outbox.wake)
    return Identity(accounts, sessions, hasher, outbox)

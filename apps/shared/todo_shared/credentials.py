"""Where database credentials come from: one fixed URL, or leases that Vault hands out."""

from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, urlsplit

from todo_shared.settings import DatabaseSettings, SettingsError
from todo_shared.vault import Vault, VaultLease


@dataclass(frozen=True, slots=True)
class Login:
    """How to connect, and for how long that works (`seconds` is infinite for a fixed URL)."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    seconds: float = float("inf")
    lease: VaultLease | None = field(default=None, repr=False)


class CredentialSource(Protocol):
    """Hands out logins; `take` may be called again at any time and gives an independent one."""

    async def take(self) -> Login:
        """A login that works now; raises VaultError."""
        ...

    async def renew(self, login: Login) -> float:
        """Lengthen `login`; returns the seconds left. Raises VaultError."""
        ...

    async def give_back(self, login: Login) -> None:
        """Make `login` useless. Raises VaultError."""
        ...


class StaticCredentials:
    """The login of a URL; for tests and local runs."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if not parts.hostname or not parts.username or not parts.path.strip("/"):
            raise SettingsError("DATABASE_URL must be postgresql://user:password@host:port/name")
        self._login = Login(
            host=parts.hostname,
            port=parts.port or 5432,
            database=parts.path.strip("/"),
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
        )

    async def take(self) -> Login:
        """Always the same login."""
        return self._login

    async def renew(self, login: Login) -> float:
        """It never ends."""
        return login.seconds

    async def give_back(self, login: Login) -> None:
        """Nothing to give back."""


class VaultCredentials:
    """Logins whose user exists for one lease."""

    def __init__(self, vault: Vault, host: str, port: int, database: str) -> None:
        self._vault = vault
        self._host = host
        self._port = port
        self._database = database

    async def take(self) -> Login:
        """A login with a new user; raises VaultError."""
        lease = await self._vault.take()
        return Login(
            host=self._host,
            port=self._port,
            database=self._database,
            user=lease.user,
            password=lease.password,
            seconds=lease.seconds,
            lease=lease,
        )

    async def renew(self, login: Login) -> float:
        """Lengthen the lease of `login`; raises VaultError."""
        return await self._vault.renew(login.lease) if login.lease else login.seconds

    async def give_back(self, login: Login) -> None:
        """Revoke the lease of `login`; raises VaultError."""
        if login.lease:
            await self._vault.give_back(login.lease)


def credentials_from(settings: DatabaseSettings) -> CredentialSource:
    """The source that `settings` name; raises SettingsError when they name none."""
    if settings.database_url:
        return StaticCredentials(settings.database_url)
    if not settings.vault_addr or not settings.vault_role:
        raise SettingsError("set VAULT_ADDR and VAULT_ROLE, or DATABASE_URL for a local run")
    vault = Vault(
        settings.vault_addr,
        settings.vault_role,
        settings.vault_token_path,
        settings.vault_auth_mount,
        settings.vault_database_mount,
    )
    return VaultCredentials(
        vault, settings.database_host, settings.database_port, settings.database_name
    )

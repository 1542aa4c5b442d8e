"""The connection to Redis: counters only, nothing in it is the truth about anything."""

from pathlib import Path
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.settings import GatewaySettings

_CONNECTIONS: Final = 32


class PasswordFile(CredentialProvider):
    """Reads the password anew for each connection, so that a replaced Secret needs no restart."""

    def __init__(self, path: Path, username: str | None) -> None:
        self._path = path
        self._username = username

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """Password, or user and password; raises OSError."""
        password = self._path.read_text().strip()
        return (self._username, password) if self._username else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same; the file is small and local."""
        return self.get_credentials()


def open_redis(url: str, settings: GatewaySettings) -> Redis:
    """A client of `url` whose calls end within `redis_seconds`; it connects when first used."""
    options: dict[str, Any] = {
        "socket_timeout": settings.redis_seconds,
        "socket_connect_timeout": settings.redis_seconds,
        "max_connections": _CONNECTIONS,
        "timeout": settings.redis_seconds,
        # One more try on a new connection, for the one that was closed while it lay idle.
        "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    }
    if settings.redis_password_path is not None:
        provider = PasswordFile(settings.redis_password_path, settings.redis_username)
        options["credential_provider"] = provider
    if settings.redis_ca_path is not None:
        options["ssl_ca_certs"] = str(settings.redis_ca_path)
    pool: Any = BlockingConnectionPool
    return Redis.from_pool(pool.from_url(url, **options))

"""What the gateway reads from its environment beyond the common settings."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from todo_shared.settings import EnvironmentModel


class GatewaySettings(EnvironmentModel):
    """Whose tokens are accepted, who may call how often, whom the gateway calls.

    `cors_origins` and `trusted_proxies` are comma-separated lists; empty allows no other origin and
    believes no `X-Forwarded-For`. Without `redis_url` nothing is counted and nobody is limited.
    """

    jwks_path: Path = Path("/etc/identity/jwks.json")
    token_issuer: str = "https://identity.todo.local"  # noqa: S105 - an address
    token_audience: str = "todo"  # noqa: S105 - a name
    token_leeway_seconds: Annotated[float, Field(ge=0, le=300)] = 30

    cors_origins: str = ""
    trusted_proxies: str = ""
    max_body_bytes: Annotated[int, Field(gt=0)] = 262_144

    rate_limit_per_minute: Annotated[int, Field(gt=0)] = 10
    client_rate_limit_per_15_minutes: Annotated[int, Field(gt=0)] = 100
    auth_rate_limit_per_minute: Annotated[int, Field(gt=0)] = 5
    redis_url: str | None = Field(default=None, repr=False, pattern=r"^rediss?://")
    redis_username: str | None = None
    redis_password_path: Path | None = None
    redis_ca_path: Path | None = None
    redis_seconds: Annotated[float, Field(gt=0, le=5)] = 0.25

    invoke_seconds: Annotated[float, Field(gt=0)] = 3.0
    breaker_error_percent: Annotated[int, Field(gt=0, le=100)] = 50
    breaker_window_seconds: Annotated[float, Field(gt=0)] = 10.0
    breaker_minimum_calls: Annotated[int, Field(gt=0)] = 5
    breaker_open_seconds: Annotated[float, Field(gt=0)] = 30.0
    task_app_id: str = "task-service"
    notification_app_id: str = "notification-service"
    scheduler_app_id: str = "scheduler-service"
    analytics_app_id: str = "analytics-service"

    # The second release of the services and its share of the users, while there is one.
    canary_namespace: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")] = None
    canary_percent: Annotated[float, Field(ge=0, le=100)] = 0.0

    # Another environment that gets copies of requests. Never a second release of this one, which
    # works on the same databases.
    shadow_namespace: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")] = None
    shadow_percent: Annotated[float, Field(ge=0, le=100)] = 0.0

    chat_enabled: bool = True

    stream_seconds: Annotated[float, Field(gt=0, le=3600)] = 300.0
    streams_per_user: Annotated[int, Field(gt=0)] = 4
    # Each holds one connection to the sidecar, whose client opens at most 100.
    streams_per_replica: Annotated[int, Field(gt=0, le=100)] = 100

    @property
    def origins(self) -> list[str]:
        """The allowed origins."""
        return _listed(self.cors_origins)

    @property
    def proxies(self) -> list[IPv4Network | IPv6Network]:
        """The networks whose `X-Forwarded-For` is believed."""
        return [ip_network(each) for each in _listed(self.trusted_proxies)]

    @field_validator("shadow_namespace")
    @classmethod
    def _isolated(cls, value: str | None) -> str | None:
        if value and value.endswith("-green"):
            raise ValueError("a second release shares its databases with the first")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for each in _listed(value):
            ip_network(each)
        return value


class IdentitySettings(EnvironmentModel):
    """Whether and how this gateway issues tokens itself; off without `identity_signing_key_path`.

    The key is an Ed25519 private key as JWK or PEM. Times are in seconds.
    """

    identity_signing_key_path: Path | None = None
    state_store_name: str = "statestore"
    access_token_seconds: Annotated[int, Field(ge=60, le=3600)] = 900
    refresh_token_seconds: Annotated[int, Field(gt=3600)] = 30 * 86_400
    password_hash_cost: Annotated[int, Field(ge=4, le=15)] = 12
    login_failure_limit: Annotated[int, Field(gt=0)] = 5
    login_lock_seconds: Annotated[int, Field(gt=0)] = 900
    outbox_poll_seconds: Annotated[float, Field(gt=0)] = 5.0


def _listed(value: str) -> list[str]:
    return [each.strip() for each in value.split(",") if each.strip()]

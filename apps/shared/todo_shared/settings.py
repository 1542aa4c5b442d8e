"""What a service reads from its environment, checked once at start."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from dapr.conf import Settings as DaprEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class SettingsError(Exception):
    """The environment is not usable; the message names each variable and what is wrong with it."""


class EnvironmentModel(BaseModel):
    """A model whose field `log_level` is filled from the variable `LOG_LEVEL`, and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; raises SettingsError with one line per wrong variable."""
        given = {
            name: environment[name.upper()]
            for name in cls.model_fields
            if environment.get(name.upper(), "") != ""
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            lines = [
                f"{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
                for problem in error.errors()
            ]
            raise SettingsError("the environment is not usable: " + "; ".join(lines)) from error


def _sidecar_url() -> str:
    dapr = DaprEnvironment()
    return str(dapr.DAPR_HTTP_ENDPOINT or f"http://{dapr.DAPR_RUNTIME_HOST}:{dapr.DAPR_HTTP_PORT}")


def _sidecar_token() -> str:
    return str(DaprEnvironment().DAPR_API_TOKEN or "")


class ServiceSettings(EnvironmentModel):
    """What each service has: where it listens, how it logs, where its sidecar is."""

    environment: str = "local"
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    enable_metrics: bool = True
    host: str = "0.0.0.0"  # noqa: S104 - a pod is reached on its pod address
    port: Annotated[int, Field(gt=0, lt=65536)] = 8000
    drain_seconds: Annotated[float, Field(ge=0)] = 0.0
    stop_seconds: Annotated[int, Field(gt=0)] = 10
    sidecar_url: str = Field(default_factory=_sidecar_url)
    sidecar_token: str = Field(default_factory=_sidecar_token, repr=False)
    pubsub_name: str = "task-events"
    topic_prefix: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)?$")] = ""


class DatabaseSettings(EnvironmentModel):
    """Where the database is, and who hands out its credentials.

    `database_url` (postgresql://user:password@host:port/name) is for tests and local runs; in a
    cluster `vault_addr` and `vault_role` are set and the user changes with each lease.
    """

    database_url: str | None = Field(default=None, repr=False)
    database_host: str = "localhost"
    database_port: int = 5432
    database_name: str = "postgres"
    database_pool_size: Annotated[int, Field(gt=0, le=100)] = 10
    database_acquire_seconds: Annotated[float, Field(gt=0)] = 2.0
    vault_addr: str | None = None
    vault_role: str | None = None
    vault_auth_mount: str = "jwt"
    vault_database_mount: str = "database"
    vault_token_path: Path = Path("/var/run/secrets/vault/token")

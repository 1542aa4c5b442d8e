"""How a program that needs no sidecar reaches the broker: as whom, and whom it trusts."""

import sys
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from todo_shared.settings import EnvironmentModel, SettingsError

_MECHANISM = "SCRAM-SHA-512"


class BrokerLogin(BaseModel):
    """A user of the broker, and the authority (PEM) that signs the broker's certificate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    username: str = Field(min_length=1)
    password: str = Field(min_length=1, repr=False)
    authority: str = Field(pattern="^-----BEGIN CERTIFICATE-----")

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """The login that is mounted at `folder`; raises SettingsError."""
        try:
            return cls(
                username=(folder / "username").read_text(),
                password=(folder / "password").read_text(),
                authority=(folder / "ca.crt").read_text(),
            )
        except (OSError, ValidationError) as error:
            raise SettingsError(f"{folder} is no login of the broker: {_reason(error)}") from error

    @classmethod
    def from_stdin(cls) -> Self:
        """The login that the caller wrote as JSON to standard input; raises SettingsError."""
        try:
            return cls.model_validate_json(sys.stdin.read())
        except ValidationError as error:
            raise SettingsError(f"no login of the broker came in: {_reason(error)}") from error


class BrokerSettings(EnvironmentModel):
    """Where the broker is, and the folder of the login; without one it is a broker of a test."""

    kafka_brokers: str
    kafka_login_path: Path | None = None

    def connection(self) -> "BrokerConnection":
        """Raises SettingsError when the login is not there."""
        path = self.kafka_login_path
        return BrokerConnection(self.kafka_brokers, BrokerLogin.in_folder(path) if path else None)


class BrokerConnection:
    """What every client of the library is told first; its text is the address alone."""

    def __init__(self, brokers: str, login: BrokerLogin | None = None) -> None:
        self._brokers = brokers
        self._login = login

    def __str__(self) -> str:
        return self._brokers

    def options(self) -> dict[str, str]:
        """Settings of librdkafka."""
        servers = {"bootstrap.servers": self._brokers}
        if self._login is None:
            return servers
        return servers | {
            "security.protocol": "SASL_SSL",
            "sasl.mechanisms": _MECHANISM,
            "sasl.username": self._login.username,
            "sasl.password": self._login.password,
            "ssl.ca.pem": self._login.authority,
        }


def _reason(error: OSError | ValidationError) -> str:
    """Why, without what was read: it may hold a password."""
    if isinstance(error, OSError):
        return str(error)
    return "; ".join(f"{each['loc'] or ''}: {each['msg']}" for each in error.errors())

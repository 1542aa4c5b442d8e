"""What the gateway reads from its environment beyond the common settings."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from todo_shared.settings import EnvironmentModel


class GatewaySettings(EnvironmentModel):
    """Whose tokens are accepted, which pages may call, whom the gateway calls.

    `cors_origins` is a comma-separated list of origins; empty allows no other origin at all.
    """

    jwks_path: Path = Path("/etc/identity/jwks.json")
    token_issuer: str = "https://identity.todo.local"  # noqa: S105 - an address
    token_audience: str = "todo"  # noqa: S105 - a name
    token_leeway_seconds: Annotated[float, Field(ge=0, le=300)] = 30
    cors_origins: str = ""
    invoke_seconds: Annotated[float, Field(gt=0)] = 3.0
    task_app_id: str = "task-service"
    notification_app_id: str = "notification-service"

    @property
    def origins(self) -> list[str]:
        """The allowed origins."""
        return [each.strip() for each in self.cors_origins.split(",") if each.strip()]

"""What the service reads from its environment beside what every service has."""

from typing import Annotated

from pydantic import Field

from todo_shared.broker import BrokerSettings
from todo_shared.settings import EnvironmentModel


class AnalyticsSettings(EnvironmentModel):
    """How often the figures of all users are read for the metrics, in seconds."""

    figures_seconds: Annotated[float, Field(gt=0)] = 60.0


class RebuildSettings(BrokerSettings):
    """Where the broker is, the environment's prefix, and the seconds an answer may take."""

    environment: str = "local"
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "WARNING"
    topic_prefix: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)?$")] = ""
    wait_seconds: Annotated[float, Field(gt=0)] = 10.0

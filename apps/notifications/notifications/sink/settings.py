"""What the sink reads from its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from notifications.sink import PORT
from todo_shared.settings import EnvironmentModel


class SinkSettings(EnvironmentModel):
    """Where the sink listens, and the file that keeps its messages, if one shall."""

    environment: str = "local"
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    host: str = "0.0.0.0"  # noqa: S104 - a pod is reached on its pod address
    port: Annotated[int, Field(gt=0, lt=65536)] = PORT
    sink_path: Path | None = None

"""task-service: owns tasks; each change and its event are one statement."""

from typing import Final

APP_ID: Final = "task-service"
__version__: Final = "1.0.0"
PORT: Final = 8000

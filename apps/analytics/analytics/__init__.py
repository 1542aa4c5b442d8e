"""analytics-service: counts what happened, and reports it to whom it concerns."""

from typing import Final

APP_ID: Final = "analytics-service"
__version__: Final = "1.0.0"
PORT: Final = 8003

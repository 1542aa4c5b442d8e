"""scheduler-service: makes recurring tasks when they are due, and fires reminders, once each."""

from typing import Final

APP_ID: Final = "scheduler-service"
__version__: Final = "1.0.0"
PORT: Final = 8002

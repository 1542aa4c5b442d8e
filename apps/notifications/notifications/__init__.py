"""notification-service: turns events into deliveries, once each."""

from typing import Final

APP_ID: Final = "notification-service"
__version__: Final = "1.0.0"
PORT: Final = 8001

"""api-gateway: the one public entry."""

from typing import Final

APP_ID: Final = "api-gateway"
__version__: Final = "1.0.0"
PORT: Final = 8004

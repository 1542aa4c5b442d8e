"""What every Todo service shares: models, events, outbox and inbox, the Dapr client, telemetry."""

from typing import Final

__version__: Final = "1.0.0"

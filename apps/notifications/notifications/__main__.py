"""`python -m notifications`: run the service."""

import os

from notifications import PORT
from notifications.app import create_app
from notifications.settings import DeliverySettings
from todo_shared.serve import serve
from todo_shared.settings import DatabaseSettings, ServiceSettings

if __name__ == "__main__":
    settings = ServiceSettings.from_environment({"PORT": str(PORT), **os.environ})
    app = create_app(
        settings, DatabaseSettings.from_environment(), DeliverySettings.from_environment()
    )
    serve(app, settings)

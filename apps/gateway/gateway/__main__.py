"""`python -m gateway`: run the service."""

import os

from gateway import PORT
from gateway.app import create_app
from gateway.settings import GatewaySettings, IdentitySettings
from todo_shared.serve import serve
from todo_shared.settings import ServiceSettings

if __name__ == "__main__":
    settings = ServiceSettings.from_environment({"PORT": str(PORT), **os.environ})
    app = create_app(
        settings, GatewaySettings.from_environment(), IdentitySettings.from_environment()
    )
    serve(app, settings)

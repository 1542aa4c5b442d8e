"""`python -m analytics`: run the service."""

import os

from analytics import PORT
from analytics.app import create_app
from analytics.settings import AnalyticsSettings
from todo_shared.serve import serve
from todo_shared.settings import DatabaseSettings, ServiceSettings

if __name__ == "__main__":
    settings = ServiceSettings.from_environment({"PORT": str(PORT), **os.environ})
    app = create_app(
        settings, DatabaseSettings.from_environment(), AnalyticsSettings.from_environment()
    )
    serve(app, settings)

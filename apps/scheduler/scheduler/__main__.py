"""`python -m scheduler`: run the service."""

import os

from scheduler import PORT
from scheduler.app import create_app
from scheduler.settings import SchedulerSettings
from todo_shared.serve import serve
from todo_shared.settings import DatabaseSettings, ServiceSettings

if __name__ == "__main__":
    settings = ServiceSettings.from_environment({"PORT": str(PORT), **os.environ})
    app = create_app(
        settings, DatabaseSettings.from_environment(), SchedulerSettings.from_environment()
    )
    serve(app, settings)

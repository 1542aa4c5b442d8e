"""`python -m notifications.sink`: run the sink."""

import os

import uvicorn

from notifications.sink.app import create_sink
from notifications.sink.settings import SinkSettings
from todo_shared.telemetry.logs import configure_logging

if __name__ == "__main__":
    settings = SinkSettings.from_environment(os.environ)
    configure_logging("notification-sink", settings.environment, settings.log_level)
    uvicorn.run(
        create_sink(settings.sink_path),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=5,
    )

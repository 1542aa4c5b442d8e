"""Running a service: one process, that finishes what it has begun before it ends."""

import gc
import logging
import signal
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from todo_shared.service import Readiness
from todo_shared.settings import ServiceSettings
from todo_shared.telemetry.logs import configure_logging

_log = logging.getLogger(__name__)

# Longer than the idle timeout of the callers: the side that reuses a connection closes it first.
_KEEP_ALIVE_SECONDS = 120
# So many more objects made than freed before the young ones are looked through. A request makes
# hundreds and leaves no cycle behind: with Python's 700, collecting took 8 % of a service's time.
_COLLECT_AFTER = 10_000


class DrainingServer(uvicorn.Server):
    """Stops in order: not ready, then no new connections, then requests in flight, then resources.

    The first SIGTERM starts it and makes the exit code 0; a second signal ends at once.
    """

    def __init__(self, config: uvicorn.Config, readiness: Readiness, drain_seconds: float) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._drain_seconds = drain_seconds
        self._stop_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by the process's signal handler."""
        if self._readiness.draining:
            super().handle_exit(sig, frame)
            return
        self._readiness.draining = True
        _log.info("stopping: %s", signal.Signals(sig).name)
        self._stop_at = time.monotonic() + self._drain_seconds

    async def on_tick(self, counter: int) -> bool:
        """Called by the server ten times a second; True makes it stop."""
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Serve `app` until a signal; returns after a clean stop."""
    configure_logging(app.title, settings.environment, settings.log_level)
    # What was loaded stays as long as the process: no collection need walk through it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whoever needs the client's address decides itself which proxy it believes.
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.stop_seconds,
    )
    DrainingServer(config, app.state.readiness, settings.drain_seconds).run()

"""Input bindings: the cron component of the sidecar asks for the sweep.

It fires on every replica, which does no harm: each sweep fills the timer of its own replica, and
what two replicas do with the same row is decided by the database.
"""

import asyncio
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from scheduler.wake_up import Sweeping

SWEEP_ROUTE: Final = "/jobs/sweep"


class CronBindingWakeUp:
    """Wakes up when the sidecar posts to `/jobs/sweep`."""

    def mount(self, router: APIRouter, sweep: Sweeping) -> None:
        """Serve the route of the binding."""

        async def swept() -> Response:
            await sweep("dapr-cron")
            return Response(status_code=200)

        async def accepted() -> Response:
            return Response(status_code=200)

        router.add_api_route(SWEEP_ROUTE, swept, methods=["POST"], include_in_schema=False)
        # The sidecar asks first whether the app wants the binding.
        router.add_api_route(SWEEP_ROUTE, accepted, methods=["OPTIONS"], include_in_schema=False)

    async def run(self, sweep: Sweeping) -> None:
        """The sidecar calls: there is nothing to do here."""
        await asyncio.Event().wait()

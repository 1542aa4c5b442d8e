"""The figures of all users are read again and again, whatever happens in between."""

import asyncio
from typing import Any

from prometheus_client import REGISTRY

from analytics.figures import Figures
from analytics.models.reports import TaskTotals
from todo_shared.errors import UnavailableError


class Reports:
    """Fails at first, and then knows something."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    async def tasks(self, _: str | None) -> TaskTotals:
        if self.failures:
            self.failures -= 1
            raise UnavailableError("the database is not available")
        return TaskTotals(open=3, completed=2, deleted=1)

    async def active_series(self, _: str | None) -> int:
        return 5

    async def users(self) -> int:
        return 7

    async def rebuilding(self) -> bool:
        return True


def _gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_a_failure_is_shown_and_passes() -> None:
    reports: Any = Reports(failures=1)
    reading = asyncio.create_task(Figures(reports, 0.05).run())
    await asyncio.sleep(0.02)
    assert _gauge("analytics_figures_stale") == 1
    for _ in range(100):
        await asyncio.sleep(0.02)
        if _gauge("analytics_figures_stale") == 0:
            break
    reading.cancel()
    assert _gauge("analytics_tasks", status="open") == 3
    assert _gauge("analytics_tasks", status="deleted") == 1
    assert _gauge("analytics_active_series") == 5
    assert _gauge("analytics_users") == 7
    assert _gauge("analytics_rebuild_open") == 1

"""A recording sidecar that also delivers: late, twice, in another order, to any replica.

It does more harm than a broker may. What each consumer makes of it must be the same all the same.
"""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

from aiohttp import ClientError, ClientTimeout, web
from multidict import CIMultiDict
from recording_sidecar import RecordingSidecar


@dataclass
class DeliveringSidecar(RecordingSidecar):
    """The sidecar of `app_id`; what it publishes is delivered to `replicas`."""

    app_id: str = ""
    replicas: list[str] = field(default_factory=list)
    topics: frozenset[str] = frozenset()
    random: Random = field(default_factory=lambda: Random(1))
    underway: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self.verdict = self._deliver_all
        return await super().__aenter__()

    async def __aexit__(self, *_: object) -> None:
        for task in self.underway:
            task.cancel()
        await asyncio.gather(*self.underway, return_exceptions=True)
        await super().__aexit__()

    def _deliver_all(self, topic: str, entries: list[dict[str, Any]]) -> tuple[int, Any]:
        if topic in self.topics:
            for entry in entries:
                for _ in range(self.random.choice((1, 1, 2))):
                    task = asyncio.create_task(self._deliver(topic, entry["event"]))
                    self.underway.add(task)
                    task.add_done_callback(self.underway.discard)
        return 204, None

    async def _deliver(self, topic: str, event: dict[str, Any]) -> None:
        while True:
            await asyncio.sleep(self.random.uniform(0, 0.3))
            url = f"{self.random.choice(self.replicas)}/events/{topic.replace('.', '-')}"
            try:
                async with self._client.post(
                    url, json=event, timeout=ClientTimeout(total=5)
                ) as answer:
                    if (await answer.json())["status"] == "SUCCESS":
                        return
            except (ClientError, TimeoutError, OSError):
                continue

    async def _invoke(self, request: web.Request) -> web.Response:
        headers = CIMultiDict(request.headers)
        headers["dapr-caller-app-id"] = self.app_id
        return await super()._invoke(request.clone(headers=headers))

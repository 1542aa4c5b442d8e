"""Users who create, change, complete and delete tasks over HTTP for as long as they are let."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx


@dataclass
class Writers:
    """What they did: the status and the seconds of each request."""

    address: str
    users: list[str]
    pause: float = 0.0
    known: dict[str, list[str]] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    over: bool = False

    async def _request(self, client: httpx.AsyncClient, method: str, path: str, **more: object):
        began = time.monotonic()
        answer = await client.request(method, path, **more)
        self.seconds.append(time.monotonic() - began)
        self.statuses.append(answer.status_code)
        return answer

    async def _work(self, user: str) -> None:
        choices = random.Random(user)
        mine = self.known.setdefault(user, [])
        async with httpx.AsyncClient(
            base_url=self.address, headers={"x-user-id": user}, timeout=30
        ) as client:
            for number in range(1_000_000):
                if self.over:
                    return
                what = choices.random()
                if what < 0.4 or not mine:
                    body = {"title": f"{user} {number}", "description": "ü" * (number % 7)}
                    mine.append(
                        (await self._request(client, "POST", "/tasks", json=body)).json()["id"]
                    )
                elif what < 0.8:
                    body = {"title": f"changed {number}"}
                    await self._request(
                        client, "PATCH", f"/tasks/{choices.choice(mine)}", json=body
                    )
                elif what < 0.9:
                    await self._request(client, "POST", f"/tasks/{choices.choice(mine)}/complete")
                else:
                    task = mine.pop(choices.randrange(len(mine)))
                    await self._request(client, "DELETE", f"/tasks/{task}")
                await asyncio.sleep(self.pause)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """They write until the block ends; an error of theirs is raised then."""
        working = [asyncio.create_task(self._work(user)) for user in self.users]
        try:
            yield
        finally:
            self.over = True
            await asyncio.gather(*working)

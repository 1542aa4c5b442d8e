"""The independent client: a process of its own that writes down what its users were told.

Run by the gate: `python -m ballast.gate.history.client PLAN.json`, with the users' tokens as a
JSON list on standard input. It shares no code and no process with the load generator. SIGTERM ends
it after the answers that are under way.
"""

import asyncio
import contextlib
import json
import math
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, ConfigDict, Field

from ballast.gate.history.operations import HistoryFile
from ballast.gate.history.requests import perform
from ballast.gate.history.script import Script

TIMEOUT_SECONDS: Final = 10.0
# Servers close idle connections after 5 s: a request must not race with that.
IDLE_SECONDS: Final = 2.0


class ClientPlan(BaseModel):
    """Who writes where, how often; `interval` is between two operations of a user, in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    history: Path
    seed: int
    users: Annotated[list[str], Field(min_length=1)]
    interval: Annotated[float, Field(gt=0)]


@dataclass
class Client:
    """Plays all users, each one operation at a time."""

    plan: ClientPlan
    tokens: list[str]
    history: HistoryFile
    stop: asyncio.Event
    now: Callable[[], float]

    async def play(self) -> None:
        """Until `stop`, and then to the end of what is under way."""
        limits = httpx.Limits(keepalive_expiry=IDLE_SECONDS)
        async with (
            httpx.AsyncClient(
                base_url=self.plan.url, timeout=TIMEOUT_SECONDS, trust_env=False, limits=limits
            ) as http,
            asyncio.TaskGroup() as group,
        ):
            users = range(len(self.plan.users))
            played = [group.create_task(self._play_user(http, place)) for place in users]
        self.history.end(sum(each.result() for each in played))

    async def _play_user(self, http: httpx.AsyncClient, place: int) -> int:
        """How many operations were due: at fixed times, and one that is late goes at once."""
        user = self.plan.users[place]
        script = Script(f"{self.plan.seed}-{place}")
        due = time.monotonic() + self.plan.interval * place / len(self.plan.users)
        number = 0
        while not await self._stopped_before(due):
            operation = await perform(
                http,
                self.tokens[place],
                script.next(),
                user=user,
                key=f"{user}-{number}",
                now=self.now,
            )
            self.history.append(operation)
            script.learn(operation)
            number += 1
            due += self.plan.interval
        return number + max(0, math.ceil((time.monotonic() - due) / self.plan.interval))

    async def _stopped_before(self, due: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), max(0.0, due - time.monotonic()))
        return self.stop.is_set()


async def main(plan: ClientPlan, tokens: list[str]) -> None:
    """Follow a plan until SIGTERM."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    # One clock for all times: a corrected system clock must not reorder a history.
    zero = time.time() - time.monotonic()
    history = HistoryFile(plan.history)
    await Client(plan, tokens, history, stop, lambda: zero + time.monotonic()).play()


if __name__ == "__main__":
    asyncio.run(
        main(
            ClientPlan.model_validate_json(Path(sys.argv[1]).read_text()),
            json.loads(sys.stdin.read()),
        )
    )

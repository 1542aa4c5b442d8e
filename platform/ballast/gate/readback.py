"""What the system has delivered, read back through the public API as the users would."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import httpx

from ballast.errors import BallastError
from ballast.gate.ledger import Attempt, Effect, Ledger, match
from ballast.gate.samples import Sample
from ballast.kubeapi.shape import mapping, mappings

CREATED_SUBJECT: Final = "Task Created"
PAGE: Final = 100
READERS: Final = 6
ATTEMPTS: Final = 5
LONGEST_WAIT: Final = 60.0
NO_QUERY: Final[Mapping[str, str]] = {}


@dataclass
class Readback:
    """Reads deliveries and tasks of the users of a run; `tokens` has one for each user index."""

    url: str
    tokens: Sequence[str]

    def settle(
        self,
        samples: Sequence[Sample],
        deadline: float,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Ledger:
        """Match creates with deliveries until nothing is missing or `deadline` seconds passed.

        The users of what is still missing are read again; all users are read once, so that a
        delivery nobody asked for is found too.
        """
        creates = [sample for sample in samples if sample.operation == "create"]
        attempts = [Attempt(sample.key, sample.task_id, sample.user) for sample in creates]
        owner = {sample.task_id: sample.user for sample in creates if sample.task_id}
        users = sorted({sample.user for sample in samples})
        end = time.monotonic() + deadline
        effects: dict[int, list[Effect]] = {}
        titles: dict[int, dict[str, str]] = {}
        waiting = users
        with self.client() as client, ThreadPoolExecutor(READERS) as readers:
            while True:
                read = readers.map(partial(self.deliveries, client), waiting)
                effects |= dict(zip(waiting, read, strict=True))
                ledger = match(attempts, _flat(effects), {})
                if not ledger.lost or time.monotonic() > end:
                    break
                waiting = sorted({owner[task_id] for task_id in ledger.lost})
                progress(f"{len(ledger.lost)} of {ledger.acknowledged} deliveries to come")
                time.sleep(0.5)
            # Titles tell a repeated create, and what an unacknowledged one has left behind.
            read_titles = readers.map(partial(self.titles, client), users)
            titles = dict(zip(users, read_titles, strict=True))
        known = {task: title for one in titles.values() for task, title in one.items()}
        return match(attempts, _flat(effects), known)

    def deliveries(self, client: httpx.Client, user: int) -> list[Effect]:
        """Delivery records of created tasks of one user."""
        return [
            Effect(str(item["id"]), str(item["task_id"]), user)
            for item in self.pages(client, user, "/api/v1/notifications")
            if item.get("subject") == CREATED_SUBJECT
        ]

    def titles(self, client: httpx.Client, user: int) -> dict[str, str]:
        """Title by task id of one user."""
        items = self.pages(client, user, "/api/v1/tasks")
        return {str(item["id"]): str(item["title"]) for item in items}

    def pages(
        self, client: httpx.Client, user: int, path: str, *, absent_is_empty: bool = False
    ) -> list[dict[str, Any]]:
        """Items of all pages of a list, as one user sees it."""
        items: list[dict[str, Any]] = []
        query: dict[str, str] = {"limit": str(PAGE)}
        while True:
            page = self.get(client, user, path, query, absent_is_empty=absent_is_empty)
            items += mappings(page.get("items"))
            after = page.get("next")
            if not after:
                return items
            query["after"] = str(after)

    def get(
        self,
        client: httpx.Client,
        user: int,
        path: str,
        query: Mapping[str, str] = NO_QUERY,
        *,
        absent_is_empty: bool = False,
    ) -> dict[str, Any]:
        """What one user reads at a path; a user who asks too often waits.

        Raises BallastError when it cannot be read.
        """
        headers = {"authorization": f"Bearer {self.tokens[user]}"}
        said = ""
        for attempt in range(ATTEMPTS):
            try:
                answer = client.get(path, params=dict(query), headers=headers)
                if answer.status_code == 200:
                    return mapping(answer.json())
                if answer.status_code == 404 and absent_is_empty:
                    return {}
                said = f"status {answer.status_code}"
                if answer.status_code == 429:
                    time.sleep(min(LONGEST_WAIT, float(answer.headers.get("retry-after", 0))))
            except (httpx.HTTPError, ValueError) as error:
                said = str(error) or type(error).__name__
            time.sleep(0.5 * (attempt + 1))
        raise BallastError(
            f"the effects of the run cannot be read back: GET {path} answers {said}",
            "A ledger that cannot be read proves nothing; run the gate again when it answers.",
        )

    def client(self) -> httpx.Client:
        """A client for all users."""
        return httpx.Client(base_url=self.url, timeout=10.0, trust_env=False)


def _flat(effects: Mapping[int, Sequence[Effect]]) -> list[Effect]:
    return [effect for of_user in effects.values() for effect in of_user]

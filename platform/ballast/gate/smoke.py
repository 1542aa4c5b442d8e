"""After a promotion: one real task through the gateway, seen delivered."""

import time
import uuid

import httpx

from ballast.errors import BallastError
from ballast.gate.readback import CREATED_SUBJECT
from ballast.gate.tokens import Identity, mint
from ballast.kubeapi.shape import mapping, mappings

TITLE = "Smoke test task"
POLL_SECONDS = 0.25


def smoke(
    url: str, identity: Identity, within_seconds: float = 30.0, *, key: str | None = None
) -> float:
    """Create a task through the gateway at `url`; seconds until its delivery was read back.

    The same idempotency `key` again creates nothing new: the first task is looked at once more.
    Raises BallastError saying what the gateway answered, or that no delivery came in time.
    """
    key = key or uuid.uuid4().hex
    token = mint(identity, f"smoke-{key[:12]}", lifetime=300)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
    said, task_id = "", ""
    with httpx.Client(base_url=url, headers=headers, timeout=10.0, trust_env=False) as client:
        start = time.monotonic()
        while not said or time.monotonic() - start < within_seconds:
            try:
                if not task_id:
                    answer = client.post("/api/v1/tasks", json={"title": TITLE})
                    said = f"POST /api/v1/tasks answers {answer.status_code}"
                    task_id = str(mapping(answer.json())["id"]) if answer.is_success else ""
                if task_id:
                    said = f"task {task_id} was created and not delivered"
                    if _delivered(client, task_id):
                        return time.monotonic() - start
            except (httpx.HTTPError, ValueError, KeyError) as error:
                said = f"{url} does not answer as it should: {error}"
            time.sleep(POLL_SECONDS)
    raise BallastError(
        f"the smoke test failed after {within_seconds:.0f} s: {said}",
        f"See the pods behind {url}.",
    )


def _delivered(client: httpx.Client, task_id: str) -> bool:
    answer = client.get("/api/v1/notifications", params={"task_id": task_id})
    items = mappings(mapping(answer.json()).get("items")) if answer.is_success else []
    return any(item.get("subject") == CREATED_SUBJECT for item in items)

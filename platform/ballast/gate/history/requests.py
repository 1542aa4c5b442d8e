"""One operation as one request of the public API, and what its answer proves."""

import json
from collections.abc import Callable
from typing import Any, Final

import httpx

from ballast.gate.history.operations import Kind, Operation, Result
from ballast.kubeapi.shape import mapping, mappings

TASKS_PATH: Final = "/api/v1/tasks"
LISTED: Final = 100
REFUSED: Final = frozenset({400, 401, 403, 422, 429})
NOT_THERE: Final = 404


async def perform(
    client: httpx.AsyncClient,
    token: str,
    step: tuple[Kind, str],
    *,
    user: str,
    key: str,
    now: Callable[[], float],
) -> Operation:
    """Send one step and say what came of it. Nothing is repeated.

    Titles are keys, so that the effects of a create or an update name it. Only an answer that
    excludes an effect makes a failure; a write whose task was not found may be its own repeat.
    """
    kind, task = step
    method, path, body = request_of(kind, task, key)
    invoked = now()
    try:
        answer = await client.request(
            method, path, json=body, headers={"authorization": f"Bearer {token}"}
        )
    except (httpx.ConnectError, httpx.ConnectTimeout):
        return Operation(user, key, kind, task, invoked, now(), Result.FAILED)
    except httpx.HTTPError:
        return Operation(user, key, kind, task, invoked, now(), Result.UNKNOWN)
    asked = Operation(user, key, kind, task, invoked, now(), Result.UNKNOWN)
    if answer.is_success:
        return _acknowledged(asked, answer)
    if answer.status_code == NOT_THERE and kind is Kind.READ:
        return asked._replace(result=Result.ACKNOWLEDGED)
    if answer.status_code in REFUSED:
        return asked._replace(result=Result.FAILED)
    return asked


def request_of(kind: Kind, task: str, key: str) -> tuple[str, str, dict[str, str] | None]:
    """Method, path and body."""
    match kind:
        case Kind.CREATE:
            return "POST", TASKS_PATH, {"title": key}
        case Kind.UPDATE:
            return "PATCH", f"{TASKS_PATH}/{task}", {"title": key}
        case Kind.COMPLETE:
            return "POST", f"{TASKS_PATH}/{task}/complete", None
        case Kind.DELETE:
            return "DELETE", f"{TASKS_PATH}/{task}", None
        case Kind.READ:
            return "GET", f"{TASKS_PATH}/{task}", None
        case Kind.LIST:
            return "GET", f"{TASKS_PATH}?limit={LISTED}", None


def _acknowledged(asked: Operation, answer: httpx.Response) -> Operation:
    if asked.kind is Kind.DELETE:
        return asked._replace(result=Result.ACKNOWLEDGED)
    try:
        said: dict[str, Any] = mapping(answer.json())
        if asked.kind is Kind.LIST:
            seen = {str(item["id"]): int(item["version"]) for item in mappings(said["items"])}
            more = bool(said.get("next"))
            return asked._replace(result=Result.ACKNOWLEDGED, seen=seen, more=more)
        task, version = str(said["id"]), int(said["version"])
    except (json.JSONDecodeError, KeyError, TypeError, ValueError):
        return asked
    return asked._replace(result=Result.ACKNOWLEDGED, task=task, version=version)

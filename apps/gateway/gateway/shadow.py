"""Copies of requests to another environment, whose answers are compared and shown to nobody.

The other environment has databases and topics of its own, so a copied write touches no user's data.
A task made with an Idempotency-Key has the same id in both, and the gateway gives each create one.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json

from gateway.canary import BUCKETS, bucket
from gateway.metrics import SHADOWED
from todo_shared.dapr import DaprServiceInvocation, SidecarResponse, SidecarUnavailableError

_log = logging.getLogger(__name__)
LANES: Final = 8
WAITING: Final = 64  # copies in one lane
_OF_ONE_REQUEST: Final = frozenset({"next", "correlation_id", "trace_id"})


@dataclass(frozen=True, slots=True)
class Copied:
    """One request as the first environment got it, and what it answered."""

    app_id: str
    user_id: str
    method: str
    path: str
    body: bytes
    query: Mapping[str, str] | None
    headers: Mapping[str, str]
    answer: SidecarResponse


class Shadow:
    """Sends copies for `percent` of the users, in the order of each user; `async with` runs it.

    It keeps nobody waiting: with too many copies under way the next ones are dropped and counted.
    """

    def __init__(self, invocation: DaprServiceInvocation, namespace: str, percent: float) -> None:
        self._invocation = invocation
        self._namespace = namespace
        self._below = round(percent * BUCKETS / 100)
        self._lanes = [asyncio.Queue[Copied](WAITING) for _ in range(LANES)]
        self._workers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Shadow":
        self._workers = [asyncio.create_task(self._work(lane)) for lane in self._lanes]
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.cancel()
        for worker in self._workers:
            with suppress(asyncio.CancelledError):
                await worker

    def copy(self, copied: Copied) -> None:
        """Note a request whose answer has come; returns at once."""
        place = bucket(copied.user_id)
        if place >= self._below:
            return
        try:
            self._lanes[place % LANES].put_nowait(copied)
        except asyncio.QueueFull:
            SHADOWED.labels(copied.app_id, "dropped").inc()

    async def _work(self, lane: asyncio.Queue[Copied]) -> None:
        while True:
            copied = await lane.get()
            try:
                outcome = await self._compared(copied)
            except Exception:
                _log.exception("a copy could not be compared")
                outcome = "failed"
            SHADOWED.labels(copied.app_id, outcome).inc()

    async def _compared(self, copied: Copied) -> str:
        try:
            second = await self._invocation.invoke(
                f"{copied.app_id}.{self._namespace}",
                copied.method,
                copied.path,
                idempotent=False,
                body=copied.body,
                query=copied.query,
                headers=copied.headers,
            )
        except SidecarUnavailableError:
            return "failed"
        if second.status >= HTTPStatus.INTERNAL_SERVER_ERROR > copied.answer.status:
            return "failed"
        if found := difference(copied.answer, second):
            # Names of fields and no values: a log is no place for what users write.
            _log.warning("shadow differs: %s %s: %s", copied.method, copied.path, found)
            return "different"
        return "same"


def difference(first: SidecarResponse, second: SidecarResponse) -> str:
    """Where two answers differ, in a few words; '' when they say the same."""
    if first.status != second.status:
        return f"status {first.status} and {second.status}"
    if first.etag != second.etag:
        return "etag"
    one, other = _content(first), _content(second)
    return "" if one == other else f"body at {_place(one, other)}"


def _content(answer: SidecarResponse) -> JsonValue | bytes:
    try:
        return _stable(from_json(answer.body))
    except ValueError:
        return answer.body


def _stable(value: JsonValue) -> JsonValue:
    """Without what no two can agree on: when something was written, cursors, ids of a request."""
    if isinstance(value, dict):
        return {
            name: _stable(each)
            for name, each in value.items()
            if not name.endswith("_at") and name not in _OF_ONE_REQUEST
        }
    if isinstance(value, list):
        return [_stable(each) for each in value]
    return value


def _place(one: JsonValue | bytes, other: JsonValue | bytes) -> str:
    """The path to the first field that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name):
                return f"{name}.{_place(one.get(name), other.get(name))}".rstrip(".")
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return "length"
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            if first != second:
                return f"{number}.{_place(first, second)}".rstrip(".")
    return ""

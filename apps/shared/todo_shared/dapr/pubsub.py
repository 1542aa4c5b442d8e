"""Publishing through the sidecar, many events a call."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from pydantic_core import from_json, to_json

from todo_shared.dapr.client import Sidecar, SidecarError, SidecarResponse

_log = logging.getLogger(__name__)

# The name that version 1.17 gave the call, and the one that earlier versions know.
_STABLE: Final = "/v1.0/publish/bulk"
_ALPHA: Final = "/v1.0-alpha1/publish/bulk"
_CLOUD_EVENT: Final = "application/cloudevents+json"


class PublishError(SidecarError):
    """Nothing of the call is known to have reached the broker; all of it must be sent again."""


@dataclass(frozen=True, slots=True)
class BulkEntry:
    """One event of a bulk: `id` is unique in its call, `key` decides the partition."""

    id: str
    key: str
    event: bytes


class DaprPubSubService:
    """Publishes ready-made CloudEvents to the topics of one pub/sub component."""

    def __init__(
        self, sidecar: Sidecar, pubsub: str, topic_prefix: str = "", seconds: float = 20.0
    ) -> None:
        self._sidecar = sidecar
        self._pubsub = pubsub
        self._prefix = topic_prefix
        self._seconds = seconds
        self._route = _STABLE

    async def publish_bulk(self, topic: str, entries: Sequence[BulkEntry]) -> frozenset[str]:
        """Publish `entries` in order; returns the ids that failed, empty when all arrived.

        Raises PublishError when the outcome of every entry is unknown, SidecarUnavailableError
        when the sidecar did not answer. An entry reported as failed may have arrived all the same.
        """
        body = b"[" + b",".join(_entry(entry) for entry in entries) + b"]"
        route = self._route
        answer = await self._send(route, topic, body)
        if route == _STABLE and _route_unknown(answer):
            answer = await self._send(_ALPHA, topic, body)
            if not _route_unknown(answer) and self._route != _ALPHA:
                _log.info("the sidecar knows bulk publish under its alpha name")
                self._route = _ALPHA
        return _failed(answer, topic)

    async def _send(self, route: str, topic: str, body: bytes) -> SidecarResponse:
        return await self._sidecar.call(
            "POST",
            f"{route}/{quote(self._pubsub, safe='')}/{quote(self._prefix + topic, safe='')}",
            seconds=self._seconds,
            body=body,
            headers={"content-type": "application/json"},
        )


def _entry(entry: BulkEntry) -> bytes:
    head = {
        "entryId": entry.id,
        "contentType": _CLOUD_EVENT,
        "metadata": {"partitionKey": entry.key},
    }
    return to_json(head)[:-1] + b',"event":' + entry.event + b"}"


def _route_unknown(answer: SidecarResponse) -> bool:
    # To an older sidecar the stable path means "publish to the component called bulk".
    return answer.status in (400, 404, 405) and (
        answer.error_code in ("", "ERR_PUBSUB_NOT_FOUND", "ERR_METHOD_NOT_FOUND")
    )


def _failed(answer: SidecarResponse, topic: str) -> frozenset[str]:
    if answer.status < 300 and not answer.body:
        return frozenset()
    try:
        document: Any = from_json(answer.body)
        failed = frozenset(str(entry["entryId"]) for entry in document.get("failedEntries") or ())
    except (ValueError, KeyError, AttributeError, TypeError):
        failed = frozenset[str]()
    if answer.status >= 300 and not failed:
        text = answer.body[:300].decode(errors="replace")
        raise PublishError(f"{topic}: the sidecar answered {answer.status}: {text}")
    if failed:
        _log.warning("part of a bulk publish failed", extra={"topic": topic, "failed": len(failed)})
    return failed

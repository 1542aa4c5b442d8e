"""Calling another service through the sidecar."""

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from todo_shared.dapr.client import Sidecar, SidecarResponse, SidecarUnavailableError

_log = logging.getLogger(__name__)

_PAUSES: Final = (0.05, 0.1, 0.2, 0.4)
# What the sidecar says when the other side could not be reached at all.
_NOT_REACHED: Final = frozenset({"ERR_DIRECT_INVOKE"})


class DaprServiceInvocation:
    """Invokes methods by app id, within one deadline that covers all attempts."""

    def __init__(self, sidecar: Sidecar, seconds: float = 3.0) -> None:
        self._sidecar = sidecar
        self._seconds = seconds

    async def invoke(
        self,
        app_id: str,
        method: str,
        path: str,
        *,
        idempotent: bool,
        body: bytes = b"",
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SidecarResponse:
        """Call `path` of `app_id`; the app's own answer is returned whatever its status.

        When nobody answered, an `idempotent` call is repeated until the deadline. Raises
        SidecarUnavailableError when the deadline passed without an answer of the app.
        """
        target = f"/v1.0/invoke/{quote(app_id, safe='')}/method{quote(path)}"
        if query:
            target += "?" + urlencode(query)
        deadline = time.monotonic() + self._seconds
        for attempt in range(len(_PAUSES) + 1):
            try:
                answer = await self._sidecar.call(
                    method,
                    target,
                    seconds=max(deadline - time.monotonic(), 0.001),
                    body=body,
                    headers=headers,
                )
                if answer.error_code not in _NOT_REACHED:
                    return _from_app(answer, app_id)
                failure = SidecarUnavailableError(f"{app_id}: {answer.error_code}")
            except SidecarUnavailableError as error:
                failure = error
            pause = _PAUSES[min(attempt, len(_PAUSES) - 1)] * random.uniform(0.5, 1.5)  # noqa: S311
            last = attempt == len(_PAUSES) or time.monotonic() + pause >= deadline
            if last or not idempotent:
                _log.warning("invocation failed: %s", failure, extra={"attempts": attempt + 1})
                raise failure
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")


def _from_app(answer: SidecarResponse, app_id: str) -> SidecarResponse:
    if answer.error_code:
        raise SidecarUnavailableError(f"{app_id}: the sidecar answered {answer.error_code}")
    return answer

"""Output bindings: handing something to a system outside, through the sidecar."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from pydantic_core import from_json, to_json

from todo_shared.dapr.client import Sidecar, SidecarError, SidecarResponse

# How the components bindings.http, bindings.twilio.sendgrid and bindings.twilio.sms, in this order,
# tell what the other side answered. The sidecar itself answers 500 to all of it.
_ANSWERED: Final = re.compile(
    r"(?:received status code |sending email failed: |error from Twilio \()(\d{3})\b"
)
# No verdict on this message: wrong credentials (which get repaired), too slow, too early, too many.
_PASSING: Final = frozenset({401, 403, 408, 425, 429})
_MALFORMED: Final = frozenset({"ERR_MALFORMED_REQUEST", "ERR_MALFORMED_REQUEST_DATA"})


class BindingError(SidecarError):
    """The call through a binding failed; the message names the binding and why."""


class BindingUnavailableError(BindingError):
    """The same call may succeed later. It may also have had its effect already."""


class BindingRefusedError(BindingError):
    """The other side, or the sidecar, will never take this call: do not repeat it."""


class DaprBindings:
    """Calls of output bindings by component name."""

    def __init__(self, sidecar: Sidecar, seconds: float = 10.0) -> None:
        self._sidecar = sidecar
        self._seconds = seconds

    async def invoke(
        self, name: str, operation: str, data: object, metadata: Mapping[str, str]
    ) -> bytes:
        """Run `operation` of the binding `name` with JSON `data`; returns what it answered.

        Raises BindingRefusedError, BindingUnavailableError; SidecarUnavailableError when nothing
        came back in time, which leaves the outcome unknown.
        """
        body = {"operation": operation, "data": data, "metadata": dict(metadata)}
        answer = await self._sidecar.call(
            "POST",
            f"/v1.0/bindings/{quote(name, safe='')}",
            seconds=self._seconds,
            body=to_json(body),
            headers={"content-type": "application/json"},
        )
        if answer.status < 300:
            return answer.body
        raise _failure(name, answer)


def _failure(name: str, answer: SidecarResponse) -> BindingError:
    said = _message(answer)
    text = f"binding {name}: {said}"
    match = _ANSWERED.search(said)
    if match is None:
        malformed = answer.error_code in _MALFORMED
        return BindingRefusedError(text) if malformed else BindingUnavailableError(text)
    status = int(match[1])
    if status >= 500 or status in _PASSING:
        return BindingUnavailableError(text)
    return BindingRefusedError(text)


def _message(answer: SidecarResponse) -> str:
    try:
        said = str(from_json(answer.body)["message"])
    except (ValueError, KeyError, TypeError):
        said = answer.body.decode(errors="replace")
    return f"the sidecar answered {answer.status}: {said[:300]}"

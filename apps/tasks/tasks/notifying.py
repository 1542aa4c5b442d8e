"""Asking the notification service to tell a user about a task."""

from typing import Any, Final

from pydantic_core import from_json, to_json

from tasks.lifecycle import TaskLifecycle
from todo_shared.dapr import DaprServiceInvocation, SidecarUnavailableError
from todo_shared.errors import UnavailableError
from todo_shared.identity import USER_HEADER
from todo_shared.models import NotifyResponse

_APP_ID: Final = "notification-service"
_METHOD: Final = "/send-notification"
_EVENT: Final = "task.created"


class TaskNotifier:
    """Invokes `send-notification`; the other side does it once however often it is asked."""

    def __init__(self, lifecycle: TaskLifecycle, invocation: DaprServiceInvocation) -> None:
        self._lifecycle = lifecycle
        self._invocation = invocation

    async def notify(self, user_id: str, task_id: str) -> NotifyResponse:
        """What the notification service answered. Raises NotFoundError, UnavailableError."""
        task = await self._lifecycle.get(user_id, task_id)
        try:
            answer = await self._invocation.invoke(
                _APP_ID,
                "POST",
                _METHOD,
                idempotent=True,
                body=to_json({"task_id": task.id, "event": _EVENT}),
                headers={USER_HEADER: user_id, "content-type": "application/json"},
            )
        except SidecarUnavailableError as error:
            raise UnavailableError("the notification service is not available") from error
        if answer.status >= 300:
            raise UnavailableError(f"the notification service answered {answer.status}")
        return NotifyResponse(response=_json(answer.body))


def _json(body: bytes) -> Any:
    try:
        return from_json(body)
    except ValueError:
        return body.decode(errors="replace") or None

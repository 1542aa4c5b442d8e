"""Reminders, which the scheduler keeps."""

from typing import Any, Final, Protocol

from pydantic_core import from_json, to_json

from tasks.chat.tools import SetReminder
from todo_shared.dapr import DaprServiceInvocation, SidecarResponse, SidecarUnavailableError
from todo_shared.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    ServiceError,
    UnavailableError,
)
from todo_shared.identity import IDEMPOTENCY_HEADER, USER_HEADER

_APP_ID: Final = "scheduler-service"
_PATH: Final = "/reminders"
_PENDING: Final = "pending"
_ERRORS: Final[dict[int, type[ServiceError]]] = {
    each.status: each for each in (NotFoundError, ConflictError, InvalidError)
}

Reminder = dict[str, Any]


class Reminders(Protocol):
    """The reminders of users."""

    async def set(self, user_id: str, task_id: str, wanted: SetReminder, key: str) -> Reminder:
        """A new reminder of a task; the same `key` gives the same one again."""
        ...

    async def cancel(self, user_id: str, task_id: str) -> list[Reminder]:
        """End the reminders of a task that have not come yet; gives those that were ended."""
        ...


class SchedulerReminders:
    """Reminders by invocation of the scheduler. Its refusals are raised as they were meant."""

    def __init__(self, invocation: DaprServiceInvocation) -> None:
        self._invocation = invocation

    async def set(self, user_id: str, task_id: str, wanted: SetReminder, key: str) -> Reminder:
        """See Reminders; raises ServiceError."""
        body: dict[str, Any] = {"task_id": task_id}
        if wanted.remind_at is not None:
            body["remind_at"] = wanted.remind_at.isoformat()
        else:
            body["offset_minutes"] = wanted.minutes_before
        return await self._call(user_id, "POST", _PATH, body=to_json(body), key=key)

    async def cancel(self, user_id: str, task_id: str) -> list[Reminder]:
        """See Reminders; raises ServiceError."""
        query = {"task_id": task_id, "limit": "100"}
        page = await self._call(user_id, "GET", _PATH, query=query)
        found = [each for each in page["items"] if each["status"] == _PENDING]
        for reminder in found:
            await self._call(user_id, "DELETE", f"{_PATH}/{reminder['id']}")
        return found

    async def _call(
        self,
        user_id: str,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: bytes = b"",
        key: str = "",
    ) -> dict[str, Any]:
        headers = {USER_HEADER: user_id}
        if body:
            headers |= {"content-type": "application/json", IDEMPOTENCY_HEADER: key}
        try:
            answer = await self._invocation.invoke(
                _APP_ID, method, path, idempotent=True, body=body, query=query, headers=headers
            )
        except SidecarUnavailableError as error:
            raise UnavailableError("reminders are not available now") from error
        if answer.status >= 300:
            raise _refusal(answer)
        return from_json(answer.body) if answer.body else {}


def _refusal(answer: SidecarResponse) -> ServiceError:
    kind = _ERRORS.get(answer.status, UnavailableError)
    try:
        text = str(from_json(answer.body)["error"])
    except (ValueError, KeyError, TypeError):
        return UnavailableError("reminders are not available now")
    return kind(text)

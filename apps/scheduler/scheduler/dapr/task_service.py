"""task-service, as the scheduler calls it through the sidecar."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic_core import from_json, to_json

from scheduler.models.series import Cursor, Series
from scheduler.models.task import KnownTask, TaskState
from todo_shared.dapr import DaprServiceInvocation, SidecarResponse, SidecarUnavailableError
from todo_shared.errors import UnavailableError
from todo_shared.identity import USER_HEADER
from todo_shared.models import InstanceCreate, TaskStatus
from todo_shared.recurrence import Occurrence

TASK_SERVICE: Final = "task-service"
_JSON: Final = {"content-type": "application/json"}
_LONGEST_ID: Final = 64


class Outcome(StrEnum):
    """What became of a request for an instance."""

    MADE = "made"
    STALE_VERSION = "stale_version"
    INACTIVE = "inactive"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome, and in words why when it is not `MADE`."""

    outcome: Outcome
    reason: str = ""


class _TaskFields(BaseModel):
    """What is read of a task; task-service may have more to say about it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    user_id: str
    title: str
    status: TaskStatus
    due_date: AwareDatetime | None = None


class TaskService:
    """Asks for instances and reads tasks. Both may be repeated."""

    def __init__(self, invocation: DaprServiceInvocation) -> None:
        self._invocation = invocation

    async def make_instance(
        self, series: Series, occurrence: Occurrence, following: Cursor | None
    ) -> Answer:
        """Have the instance of one occurrence made, or find that it was made before."""
        body = InstanceCreate(
            occurrence_key=occurrence.key,
            instance_date=occurrence.instance_date,
            due_date=occurrence.instant,
            version=series.version,
            next_generation_time=following.generation_at if following else None,
        )
        try:
            answer = await self._invocation.invoke(
                TASK_SERVICE,
                "POST",
                f"/recurring-tasks/{quote(series.id, safe='')}/instances",
                idempotent=True,
                body=to_json(body),
                headers=_JSON | {USER_HEADER: series.user_id},
            )
        except SidecarUnavailableError as error:
            return Answer(Outcome.UNAVAILABLE, str(error))
        if answer.status in (200, 201):
            return Answer(Outcome.MADE)
        reason = f"{answer.status} {answer.body[:300].decode(errors='replace')}"
        if answer.status >= 500:
            return Answer(Outcome.UNAVAILABLE, reason)
        return Answer(_refusal(answer), reason)

    async def task(self, user_id: str, task_id: str) -> KnownTask | None:
        """A task of the user as task-service has it now; None when there is none.

        Raises UnavailableError.
        """
        if len(task_id) > _LONGEST_ID:
            return None
        try:
            answer = await self._invocation.invoke(
                TASK_SERVICE,
                "GET",
                f"/tasks/{quote(task_id, safe='')}",
                idempotent=True,
                headers={USER_HEADER: user_id},
            )
        except SidecarUnavailableError as error:
            raise UnavailableError("the task cannot be looked up now") from error
        if answer.status in (404, 422):
            return None
        if answer.status != 200:
            raise UnavailableError(f"the task cannot be looked up now ({answer.status})")
        return _known(answer.body)


def _known(body: bytes) -> KnownTask:
    """The fields that reminders need. Any event about the task outranks them: their `seq` is 0."""
    fields = _TaskFields.model_validate_json(body)
    done = fields.status is TaskStatus.COMPLETED
    return KnownTask(
        task_id=fields.id,
        user_id=fields.user_id,
        title=fields.title,
        due_date=fields.due_date,
        state=TaskState.COMPLETED if done else TaskState.OPEN,
    )


def _refusal(answer: SidecarResponse) -> Outcome:
    try:
        code = from_json(answer.body)["code"]
    except (ValueError, KeyError, TypeError):
        return Outcome.REFUSED
    known = {each.value: each for each in (Outcome.STALE_VERSION, Outcome.INACTIVE)}
    return known.get(str(code), Outcome.REFUSED) if answer.status == 409 else Outcome.REFUSED

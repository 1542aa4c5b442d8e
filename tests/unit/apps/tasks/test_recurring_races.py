"""What others do to a recurring task between our reading and our writing."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from task_examples import START, new_template

from tasks.errors import InactiveError, StaleVersionError
from tasks.instances import InstanceGeneration
from tasks.models.audit import AuditRecord
from tasks.models.recurring_task import RecurringTask
from tasks.models.task import Task
from tasks.recurring import RecurringTasks
from tasks.repository.position import Position
from todo_shared.errors import ConflictError, NotFoundError
from todo_shared.events.envelope import NewEvent
from todo_shared.models import InstanceCreate, RecurringTaskQuery, RecurringTaskUpdate

RETITLE = RecurringTaskUpdate(title="x")
Rival = Callable[[RecurringTask], RecurringTask]
WANTED = InstanceCreate.model_validate(
    {
        "occurrence_key": "2030-01-07T09:00",
        "instance_date": "2030-01-07",
        "due_date": "2030-01-07T08:00:00Z",
        "version": 1,
        "next_generation_time": "2030-01-14T08:00:00Z",
    }
)


class OneTemplate:
    """Repository of one template and its instances; `rivals` act just before a write."""

    def __init__(self, template: RecurringTask) -> None:
        self.template = template
        self.instances: dict[UUID, Task] = {}
        self.rivals: list[Rival] = []
        self.topics: list[str] = []
        self.deaf = False

    def _disturbed(self) -> None:
        if self.rivals:
            self.template = self.rivals.pop(0)(self.template)

    async def add(self, template: RecurringTask, request_digest: bytes, event: NewEvent) -> bool:
        raise NotImplementedError

    async def save(self, template: RecurringTask, seen: RecurringTask, event: NewEvent) -> bool:
        self._disturbed()
        unseen = (self.template.version, self.template.next_generation_time) != (
            seen.version,
            seen.next_generation_time,
        )
        if unseen:
            return False
        self.template = template
        self.topics.append(event.topic)
        return not self.deaf

    async def get(self, user_id: str, template_id: UUID) -> tuple[RecurringTask, bytes] | None:
        return (self.template, b"") if user_id == self.template.user_id else None

    async def page(
        self, user_id: str, wanted: RecurringTaskQuery, after: Position | None, limit: int
    ) -> list[RecurringTask]:
        return [self.template]

    async def add_instance(
        self,
        instance: Task,
        *,
        request_digest: bytes,
        template_version: int,
        next_generation_time: datetime | None,
        record: AuditRecord,
        event: NewEvent,
    ) -> bool:
        self._disturbed()
        if UUID(instance.id) in self.instances or self.template.refusal(template_version):
            return False
        self.instances[UUID(instance.id)] = instance
        self.template = replace(self.template, next_generation_time=next_generation_time)
        return True


class Instances:
    """Of a TaskRepository, what making instances needs: reading one back."""

    def __init__(self, repository: OneTemplate) -> None:
        self._repository = repository

    async def get(self, user_id: str, task_id: UUID) -> tuple[Task, bytes] | None:
        found = self._repository.instances.get(task_id)
        return None if found is None else (found, b"")


def _edit(**fields: object) -> Rival:
    wanted = RecurringTaskUpdate.model_validate(fields)
    return lambda template: template.edit(wanted, START)


def _generated(template: RecurringTask) -> RecurringTask:
    assert template.next_generation_time is not None
    return replace(
        template, next_generation_time=template.next_generation_time + timedelta(weeks=1)
    )


@pytest.fixture
def repository() -> OneTemplate:
    return OneTemplate(new_template())


@pytest.fixture
def recurring(repository: OneTemplate) -> RecurringTasks:
    return RecurringTasks(repository, lambda: START)


@pytest.fixture
def generation(repository: OneTemplate) -> InstanceGeneration:
    return InstanceGeneration(repository, Instances(repository), lambda: START)


async def test_an_edit_keeps_what_an_instance_has_moved_on(
    recurring: RecurringTasks, repository: OneTemplate
) -> None:
    repository.rivals = [_generated]
    first = repository.template.next_generation_time
    edited = await recurring.update(
        "ann", repository.template.id, RecurringTaskUpdate(title="x"), 1
    )
    assert first is not None
    assert edited.next_generation_time == first + timedelta(weeks=1)
    assert (edited.title, edited.version, repository.topics) == ("x", 2, ["recurring-task.updated"])


async def test_an_edit_that_arrived_before_its_connection_broke_is_success(
    recurring: RecurringTasks, repository: OneTemplate
) -> None:
    repository.deaf = True
    edited = await recurring.update(
        "ann", repository.template.id, RecurringTaskUpdate(title="x"), 1
    )
    assert (edited.title, edited.version, len(repository.topics)) == ("x", 2, 1)


async def test_losing_again_and_again_is_a_conflict(
    recurring: RecurringTasks, repository: OneTemplate
) -> None:
    repository.rivals = [_generated] * 9
    with pytest.raises(ConflictError, match="try again"):
        await recurring.delete("ann", repository.template.id)


async def test_an_id_that_was_never_ours_is_not_found(
    recurring: RecurringTasks, generation: InstanceGeneration
) -> None:
    for work in (
        recurring.get("ann", "12345"),
        recurring.get("bob", new_template().id),
        generation.make("ann", "12345", WANTED, "s"),
        generation.make("bob", new_template().id, WANTED, "s"),
    ):
        with pytest.raises(NotFoundError):
            await work


@pytest.mark.parametrize(
    ("rival", "refusal"),
    [
        (_edit(title="x"), StaleVersionError),
        (_edit(active=False), InactiveError),
        (lambda template: template.delete(START), InactiveError),
    ],
)
async def test_an_instance_that_is_overtaken_is_refused_for_the_present_reason(
    generation: InstanceGeneration, repository: OneTemplate, rival: Rival, refusal: type[Exception]
) -> None:
    repository.rivals = [rival]
    with pytest.raises(refusal):
        await generation.make("ann", repository.template.id, WANTED, "s")
    assert repository.instances == {}


async def test_an_instance_that_another_request_made_meanwhile_is_given_back(
    generation: InstanceGeneration, repository: OneTemplate
) -> None:
    def made_by_another(template: RecurringTask) -> RecurringTask:
        task = template.instance(WANTED, START)
        repository.instances[UUID(task.id)] = task
        return template

    repository.rivals = [made_by_another]
    _, made = await generation.make("ann", repository.template.id, WANTED, "s")
    assert (made, len(repository.instances)) == (False, 1)


async def test_an_instance_refused_for_a_reason_that_is_gone_may_be_asked_for_again(
    generation: InstanceGeneration, repository: OneTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object, **__: object) -> bool:
        return False

    monkeypatch.setattr(repository, "add_instance", refused)
    with pytest.raises(ConflictError, match="try again"):
        await generation.make("ann", repository.template.id, WANTED, "s")

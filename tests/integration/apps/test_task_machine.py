"""Any sequence of steps on tasks leaves the database as a simple model says."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from postgres import PostgresServer
from running_app import eventually
from sqlalchemy import text

from tasks.errors import StaleVersionError
from tasks.lifecycle import TaskLifecycle
from tasks.repository.tasks import PostgresTaskRepository
from todo_shared.credentials import StaticCredentials
from todo_shared.database import Database
from todo_shared.errors import InvalidError, NotFoundError
from todo_shared.models import TaskCreate, TaskQuery, TaskResponse, TaskUpdate

TITLES = st.sampled_from(["milk", "bread", "eggs"])
EDITS = st.fixed_dictionaries(
    {},
    optional={
        "title": TITLES,
        "description": st.sampled_from([None, "two"]),
        "due_date": st.sampled_from([None, "2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z"]),
        "status": st.sampled_from(["pending", "completed"]),
    },
).filter(bool)


@dataclass
class Storage:
    """A database of its own, and the loop that its connections live in."""

    runner: asyncio.Runner
    database: Database


@pytest.fixture
def storage(postgres: PostgresServer) -> Iterator[Storage]:
    """The tables of the tasks service, without a relay: the outbox keeps every event."""
    with asyncio.Runner() as runner:
        runner.run(postgres.execute("CREATE DATABASE tasks_machine TEMPLATE tasks_template"))
        source = StaticCredentials(postgres.url("tasks_machine"))
        database = Database(source, application="test", pool_size=2)
        runner.run(_started(database))
        yield Storage(runner, database)
        runner.run(database.stop())


async def _started(database: Database) -> None:
    await database.start()
    await eventually(database.ready)


def test_the_database_follows_the_model(storage: Storage) -> None:
    class Machine(RuleBasedStateMachine):
        """One user with tasks; the model is what was answered last of each."""

        tasks = Bundle("tasks")

        @initialize()
        def begin(self) -> None:
            self.user = f"user-{uuid4()}"
            self.lifecycle = TaskLifecycle(PostgresTaskRepository(storage.database))
            self.model: dict[str, TaskResponse] = {}
            self.deleted: set[str] = set()
            self.keys: dict[str, tuple[str, str]] = {}
            self.events = 0

        def do(self, work: Any) -> Any:
            return storage.runner.run(work)

        @rule(target=tasks, title=TITLES)
        def create(self, title: str) -> str:
            task, made = self.do(self.lifecycle.create(self.user, TaskCreate(title=title), None))
            assert made
            return self.took(task, 1)

        @rule(target=tasks, title=TITLES, key=st.sampled_from("ab"))
        def create_with_key(self, title: str, key: str) -> Any:
            work = self.lifecycle.create(self.user, TaskCreate(title=title), key)
            known = self.keys.get(key)
            if known is None:
                task, made = self.do(work)
                self.keys[key] = (task.id, title)
                assert made
                return self.took(task, 1)
            if known[1] != title:
                with pytest.raises(InvalidError):
                    self.do(work)
                return multiple()
            task, made = self.do(work)
            assert (task.id, made) == (known[0], False)
            return multiple()

        @rule(task_id=tasks, body=EDITS, right=st.sampled_from([None, True, False]))
        def edit(self, task_id: str, body: dict[str, Any], right: bool | None) -> None:
            before = self.model[task_id]
            expected = None if right is None else before.version + (not right)
            work = self.lifecycle.update(
                self.user, task_id, TaskUpdate.model_validate(body), expected
            )
            if task_id in self.deleted:
                with pytest.raises(NotFoundError):
                    self.do(work)
            elif right is False:
                with pytest.raises(StaleVersionError):
                    self.do(work)
            else:
                task, completed = self.do(work)
                assert completed == (task.status != before.status and task.status == "completed")
                self.took(task, (task.version - before.version) * (2 if completed else 1))

        @rule(task_id=tasks)
        def complete(self, task_id: str) -> None:
            before = self.model[task_id]
            with suppress(NotFoundError):
                task, completed = self.do(self.lifecycle.complete(self.user, task_id))
                assert completed == (before.status == "pending")
                assert task_id not in self.deleted
                self.took(task, int(completed))

        @rule(task_id=tasks)
        def delete(self, task_id: str) -> None:
            work = self.lifecycle.delete(self.user, task_id)
            if task_id in self.deleted:
                with pytest.raises(NotFoundError):
                    self.do(work)
                return
            self.do(work)
            self.deleted.add(task_id)
            self.events += 1

        def took(self, task: TaskResponse, events: int) -> str:
            self.model[task.id] = task
            self.events += events
            return task.id

        @invariant()
        def lists_show_what_there_is(self) -> None:
            page = self.do(self.lifecycle.page(self.user, TaskQuery(limit=100)))
            expected = [task for task in self.model.values() if task.id not in self.deleted]
            assert sorted(page.items, key=lambda task: task.id) == sorted(
                expected, key=lambda task: task.id
            )

        @invariant()
        def history_and_events_leave_nothing_out(self) -> None:
            versions, seqs = self.do(_recorded(storage.database, self.user))
            expected = {
                (task.id, version)
                for task in self.model.values()
                for version in range(1, task.version + 1 + (task.id in self.deleted))
            }
            assert versions == expected
            assert seqs == list(range(1, self.events + 1))

    run_state_machine_as_test(
        Machine, settings=settings(max_examples=15, stateful_step_count=20, deadline=None)
    )


async def _recorded(database: Database, user: str) -> tuple[set[tuple[str, int]], list[int]]:
    """The versions in the user's history, and the sequence of the user's events by their rows."""
    async with database.connect() as connection:
        history = await connection.execute(
            text("SELECT task_id, version FROM task_audit WHERE user_id = :user"), {"user": user}
        )
        events = await connection.execute(
            text("SELECT seq FROM outbox WHERE key = :user ORDER BY id"), {"user": user}
        )
        return {(str(row[0]), row[1]) for row in history}, [row[0] for row in events]

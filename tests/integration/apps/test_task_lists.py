"""Lists show what matches and nothing else, in order, each task once over all pages."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tasks.repository import task_lists
from tasks.repository.position import Position
from tasks.repository.search import pattern_of
from todo_shared.models import DueQuery, TaskQuery, TaskSort, TaskStatus

ANN = {"x-user-id": "ann"}
DAY = datetime(2030, 1, 1, tzinfo=UTC)
SCHEDULER = {"dapr-caller-app-id": "scheduler-service"}


def _due(days: float) -> str:
    return (DAY + timedelta(days=days)).isoformat()


async def _make(client: httpx.AsyncClient, user: str = "ann", **fields: object) -> str:
    answer = await client.post("/tasks", json=fields, headers={"x-user-id": user})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def _titles(client: httpx.AsyncClient, **query: object) -> list[str]:
    """Over all pages of two."""
    titles: list[str] = []
    wanted = {"limit": 2, **query}
    while True:
        answer = await client.get("/tasks", params=wanted, headers=ANN)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        titles += [task["title"] for task in page["items"]]
        if page["next"] is None:
            return titles
        wanted["after"] = page["next"]


async def test_text_is_found_in_title_and_description_in_any_case(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service) as client:
        await _make(client, title="Milk and honey")
        await _make(client, title="shop", description="bread, MILK, eggs")
        await _make(client, title="Öl wechseln")
        await _make(client, title="50% off")
        await _make(client, title="a_b")
        await _make(client, title="milk of another", user="bob")
        deleted = await _make(client, title="milk that was")
        await client.delete(f"/tasks/{deleted}", headers=ANN)
        found = {
            searched: await _titles(client, q=searched)
            for searched in ("milk", " HONEY ", "öl", "%", "_", "\\", "nothing")
        }
    assert found == {
        "milk": ["shop", "Milk and honey"],
        " HONEY ": ["Milk and honey"],
        "öl": ["Öl wechseln"],
        "%": ["50% off"],
        "_": ["a_b"],
        "\\": [],
        "nothing": [],
    }


async def test_filters_by_status_and_due_date_go_together(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service) as client:
        for day in (3, 1, 2):
            await _make(client, title=f"day {day}", due_date=_due(day))
        done = await _make(client, title="done", due_date=_due(1.5))
        await client.post(f"/tasks/{done}/complete", headers=ANN)
        await _make(client, title="some day")
        found = [
            await _titles(client, status="completed"),
            await _titles(client, due_before=_due(2)),
            await _titles(client, due_after=_due(2)),
            await _titles(client, due_after=_due(1), due_before=_due(2), status="pending"),
            await _titles(client, has_due=False),
            await _titles(client, has_due=True, q="DAY"),
        ]
    assert found == [
        ["done"],
        ["done", "day 1"],
        ["day 2", "day 3"],
        ["day 1"],
        ["some day"],
        ["day 2", "day 1", "day 3"],
    ]


async def test_by_due_date_the_most_urgent_come_first_and_the_undue_last(
    tasks_service: str,
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service) as client:
        for title, due in (("c", 2), ("x", None), ("a", 1), ("b", 1), ("y", None), ("d", 3)):
            await _make(client, title=title, due_date=None if due is None else _due(due))
        found = await _titles(client, sort="due")
        page = (await client.get("/tasks", params={"limit": 1}, headers=ANN)).json()
        mixed = await client.get(
            "/tasks", params={"sort": "due", "after": page["next"]}, headers=ANN
        )
    assert set(found[:2]) == {"a", "b"}
    assert found[2:4] == ["c", "d"]
    assert set(found[4:]) == {"x", "y"}
    assert mixed.status_code == 422


async def test_only_the_scheduler_sees_what_is_due_of_all_users(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service) as client:
        for user, day in (("ann", 3), ("bob", 1), ("ann", 2), ("eve", 1)):
            await _make(client, user, title=f"{user} {day}", due_date=_due(day))
        done = await _make(client, title="done", due_date=_due(1))
        await client.post(f"/tasks/{done}/complete", headers=ANN)
        gone = await _make(client, title="gone", due_date=_due(1))
        await client.delete(f"/tasks/{gone}", headers=ANN)
        await _make(client, title="some day")
        found: list[str] = []
        query: dict[str, object] = {"before": _due(3), "limit": 1}
        while True:
            answer = await client.get("/tasks/due", params=query, headers=SCHEDULER)
            page = answer.json()
            found += [f"{task['user_id']}: {task['title']}" for task in page["items"]]
            if page["next"] is None:
                break
            query["after"] = page["next"]
        later = await client.get(
            "/tasks/due", params={"before": _due(9), "due_after": _due(2)}, headers=SCHEDULER
        )
        refused = [
            await client.get("/tasks/due", params={"before": _due(3)}, headers=headers)
            for headers in (
                ANN,
                {"dapr-caller-app-id": "api-gateway", **ANN},
                [("dapr-caller-app-id", "scheduler-service"), ("dapr-caller-app-id", "x")],
            )
        ]
    assert set(found[:2]) == {"bob: bob 1", "eve: eve 1"}
    assert found[2:] == ["ann: ann 2"]
    assert [task["title"] for task in later.json()["items"]] == ["ann 2", "ann 3"]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"q": ""},
        {"q": "\x00"},
        {"sort": "size"},
        {"due_before": "2030-01-01"},
        {"due_before": "0001-01-01T00:00:00+14:00"},
        {"user_id": "bob"},
        {"after": "bm90IGEgY3Vyc29y"},
    ],
    ids=str,
)
async def test_questions_that_mean_nothing_are_refused(
    tasks_service: str, query: dict[str, object]
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        assert (await client.get("/tasks", params=query)).status_code == 422


async def test_no_list_reads_the_tasks_of_everybody(tasks_url: str) -> None:
    position = Position(DAY, UUID(int=0))
    statements = [
        task_lists.of_user("u1", TaskQuery(q="x", status=TaskStatus.PENDING), position, 50),
        task_lists.of_user("u1", TaskQuery(sort=TaskSort.DUE), position, 50),
        task_lists.due(DueQuery(before=DAY + timedelta(hours=1)), position, 500),
    ]
    engine = create_async_engine(tasks_url.replace("postgresql", "postgresql+asyncpg"))
    async with engine.connect() as connection:
        await connection.exec_driver_sql("""
            INSERT INTO tasks (id, user_id, title, status, due_date, created_at, updated_at,
                               version, request_digest)
            SELECT gen_random_uuid(), 'u' || n % 100, 't', 'pending',
                   timestamptz '2030-01-01' + n * interval '1 minute', now(), now(), 1, ''
            FROM generate_series(1, 20000) AS n
        """)
        await connection.exec_driver_sql("ANALYZE tasks")
        plans = [
            str((await connection.execute(text(f"EXPLAIN {statement}"), values)).all())
            for statement, values in statements
        ]
    await engine.dispose()
    for plan in plans:
        assert "Seq Scan" not in plan
    assert "tasks_of_user_by_due" in plans[1]
    assert "tasks_due" in plans[2]


@given(st.text(alphabet="a%_\\", min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_pattern_means_its_text(searched: str) -> None:
    unescaped, rest = "", pattern_of(searched)[1:-1]
    while rest:
        rest = rest[1:] if rest[0] == "\\" else rest
        unescaped, rest = unescaped + rest[0], rest[1:]
    assert unescaped == searched

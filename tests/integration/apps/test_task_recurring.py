"""Recurring tasks: made from a rule, changed from the next instance on, paused and ended."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from recording_sidecar import RecordingSidecar
from running_app import eventually

ANN = {"x-user-id": "ann"}
BODY = {
    "title": "send the invoice",
    "recurrence_rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR",
    "time_zone": "Europe/Berlin",
    "starts_at": "2030-03-01T09:00:00",
}


async def _template(client: httpx.AsyncClient, **fields: object) -> dict[str, object]:
    answer = await client.post("/recurring-tasks", json={**BODY, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_rule_becomes_a_recurring_task_and_is_announced_whole(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        made = await client.post("/recurring-tasks", json={**BODY, "lead_minutes": 60})
        template = made.json()
        read = await client.get(f"/recurring-tasks/{template['id']}")
        preview = await client.get(f"/recurring-tasks/{template['id']}/preview")
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert read.json() == template
    assert template == {
        **BODY,
        "id": template["id"],
        "user_id": "ann",
        "description": None,
        "rule_kind": "rrule",
        "gap_policy": None,
        "overlap_policy": None,
        "short_month_policy": "skip",
        "catch_up_policy": "all",
        "lead_minutes": 60,
        "schedule": "every second Friday at 09:00, Europe/Berlin",
        "next_generation_time": "2030-03-01T07:00:00Z",
        "active": True,
        "created_at": template["created_at"],
        "updated_at": template["created_at"],
        "version": 1,
    }
    assert preview.json()["items"] == [
        {
            "occurrence_key": f"{day}T09:00",
            "instance_date": day,
            "due_date": f"{day}T{hour}:00:00Z",
        }
        for day, hour in (("2030-03-01", "08"), ("2030-03-15", "08"), ("2030-03-29", "08"))
    ]
    await eventually(lambda: sidecar.events)
    event = sidecar.events[0]
    assert event["type"] == "com.todo.recurring-task.created.v1"
    assert (event["partitionkey"], event["seq"]) == ("ann", 1)
    assert event["data"] == {
        "user_id": "ann",
        "recurring_task_id": template["id"],
        "title": "send the invoice",
        "description": None,
        "recurrence_rule": BODY["recurrence_rule"],
        "rule_kind": "rrule",
        "time_zone": "Europe/Berlin",
        "starts_at": "2030-03-01T09:00",
        "gap_policy": "shift_forward",
        "overlap_policy": "first",
        "short_month_policy": "skip",
        "catch_up_policy": "all",
        "lead_minutes": 60,
        "next_generation_time": "2030-03-01T07:00:00Z",
        "active": True,
        "version": 1,
        "deleted": False,
    }


async def test_the_same_key_and_body_make_one_recurring_task(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    key = {"Idempotency-Key": "k"}
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        answers = await asyncio.gather(
            *(client.post("/recurring-tasks", json=BODY, headers=key) for _ in range(6))
        )
        other = await client.post("/recurring-tasks", json={**BODY, "title": "x"}, headers=key)
        await client.post("/tasks", json={"title": "last"})
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert other.status_code == 422
    await eventually(lambda: len(sidecar.events) >= 2)
    assert [event["seq"] for event in sidecar.events] == [1, 2]


async def test_without_a_start_the_rule_begins_now(tasks_service: str) -> None:
    body = {"title": "water", "recurrence_rule": "0 9 * * *", "time_zone": "Asia/Tokyo"}
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        template = (await client.post("/recurring-tasks", json=body)).json()
    assert (template["rule_kind"], template["schedule"]) == (
        "cron",
        "every day at 09:00, Asia/Tokyo",
    )
    start = datetime.fromisoformat(template["starts_at"]) - timedelta(hours=9)
    assert abs(start.replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=2)
    coming = datetime.fromisoformat(template["next_generation_time"])
    assert coming.hour == 0
    assert timedelta() <= coming - datetime.now(UTC) <= timedelta(days=1)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"recurrence_rule": "every now and then"}, "neither cron nor RRULE"),
        ({"recurrence_rule": "* * * * * *"}, "rule"),
        ({"recurrence_rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "never happens"),
        ({"recurrence_rule": "* * * * *"}, "15 minutes"),
        (
            {
                "recurrence_rule": "FREQ=DAILY;UNTIL=20310101T000000Z",
                "starts_at": "2035-01-01T09:00",
            },
            "never happens",
        ),
        ({"recurrence_rule": "FREQ=DAILY;COUNT=2", "starts_at": "2020-01-01T09:00"}, "has ended"),
        ({"rule_kind": "cron"}, "cron"),
        ({"time_zone": "Europe/Berln"}, "did you mean Europe/Berlin"),
        ({"starts_at": "2030-03-01T09:00:30"}, "whole minute"),
    ],
    ids=str,
)
async def test_a_rule_that_cannot_be_is_refused_with_its_reason(
    tasks_service: str, fields: dict[str, str], reason: str
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        answer = await client.post("/recurring-tasks", json={**BODY, **fields})
        template = await _template(client)
        edit = await client.patch(f"/recurring-tasks/{template['id']}", json=fields)
        kept = await client.get(f"/recurring-tasks/{template['id']}")
    for refused in (answer, edit):
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
        assert reason in refused.json()["error"]
    assert kept.json() == template


async def test_an_edit_pause_resumption_and_end_are_announced_with_the_whole_state(
    tasks_service: str, sidecar: RecordingSidecar
) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        template = await _template(client)
        path = f"/recurring-tasks/{template['id']}"
        steps = [
            await client.patch(path, json={"title": "bill", "lead_minutes": 30}),
            await client.patch(path, json={"active": False}),
            await client.patch(path, json={"active": True}),
            await client.patch(path, json={"recurrence_rule": "0 8 * * MON"}),
        ]
        same = await client.patch(path, json={"title": "bill", "active": True})
        ended = await client.delete(path)
        gone = [
            await client.get(path),
            await client.get(f"{path}/preview"),
            await client.patch(path, json={"title": "x"}),
            await client.delete(path),
        ]
        listed = (await client.get("/recurring-tasks")).json()
    assert [step.json()["version"] for step in steps] == [2, 3, 4, 5]
    assert [step.json()["next_generation_time"] for step in steps] == [
        "2030-03-01T07:30:00Z",
        None,
        "2030-03-01T07:30:00Z",
        "2030-03-04T06:30:00Z",
    ]
    assert (steps[3].json()["rule_kind"], same.json()["version"]) == ("cron", 5)
    assert steps[3].json()["schedule"] == "every Monday at 08:00, Europe/Berlin"
    assert ended.status_code == 204
    assert [answer.status_code for answer in gone] == [404] * 4
    assert listed["items"] == []
    await eventually(lambda: len(sidecar.events) >= 6)
    told = [event["data"] for event in sorted(sidecar.events, key=lambda event: event["seq"])]
    assert [data["version"] for data in told] == [1, 2, 3, 4, 5, 6]
    assert [data["active"] for data in told] == [True, True, False, True, True, False]
    assert [data["deleted"] for data in told] == [False] * 5 + [True]
    assert (told[4]["gap_policy"], told[4]["overlap_policy"]) == ("run_at_end", "first")
    assert {data["user_id"] for data in told} == {"ann"}


async def test_an_edit_for_another_version_changes_nothing(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        path = f"/recurring-tasks/{(await _template(client))['id']}"
        answers = await asyncio.gather(
            *(
                client.patch(path, json={"title": f"t{n}"}, headers={"if-match": '"1"'})
                for n in range(6)
            )
        )
        whole = await asyncio.gather(
            client.patch(path, json={"description": "d"}),
            client.patch(path, json={"lead_minutes": 5}),
        )
        template = (await client.get(path)).json()
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    stale = next(answer for answer in answers if answer.status_code == 409)
    assert stale.json()["code"] == "stale_version"
    assert [answer.status_code for answer in whole] == [200, 200]
    assert (template["description"], template["lead_minutes"], template["version"]) == ("d", 5, 4)


async def test_lists_are_paged_searched_and_filtered(tasks_service: str) -> None:
    async with httpx.AsyncClient(base_url=tasks_service, headers=ANN) as client:
        for number in range(3):
            template = await _template(client, title=f"t{number}")
        await client.patch(f"/recurring-tasks/{template['id']}", json={"active": False})
        first = (await client.get("/recurring-tasks", params={"limit": 2})).json()
        rest = (await client.get("/recurring-tasks", params={"after": first["next"]})).json()
        found = [
            [t["title"] for t in (await client.get("/recurring-tasks", params=q)).json()["items"]]
            for q in ({"active": True}, {"active": False}, {"q": "T1"})
        ]
    assert [t["title"] for t in first["items"] + rest["items"]] == ["t2", "t1", "t0"]
    assert rest["next"] is None
    assert found == [["t1", "t0"], ["t2"], ["t1"]]

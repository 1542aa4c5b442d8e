"""What is recorded is sent: once, in order, again after a failure, and not when it is canceled."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest
from notification_stack import (
    QUICK,
    Stack,
    canceled,
    created,
    event,
    notification_stack,
    registered,
    triggered,
)
from postgres import PostgresServer
from prometheus_client import REGISTRY
from running_app import eventually

from todo_shared.events.payloads import ReminderTriggered


@pytest.fixture
async def stack(notifications_url: str) -> AsyncIterator[Stack]:
    """One replica."""
    async with notification_stack(notifications_url) as running:
        yield running


async def test_a_created_task_is_mailed_once_however_often_it_is_told(stack: Stack) -> None:
    for _ in range(3):
        await stack.hand_on(created("t1"), created("t1"))
    (delivery,) = await stack.settled(1, "sent")
    (mail,) = await stack.messages()
    assert mail["subject"] == "Task Created"
    assert mail["body"] == "<p>Task t1 was created: title of t1</p>"
    assert (mail["channel"], mail["recipient"]) == ("email", "ann@users.todo.local")
    assert (mail["repeats"], mail["event_id"]) == (0, delivery["event_id"])
    assert mail["traceparent"].startswith("00-" + "1" * 32)
    assert (delivery["attempts"], delivery["reason"]) == (1, None)
    name, call = stack.sidecar.calls[0]
    assert (name, call["operation"]) == ("email", "create")
    assert call["metadata"]["emailTo"] == "ann@users.todo.local"
    assert call["metadata"]["subject"] == "Task Created"


async def test_a_new_user_is_welcomed(stack: Stack) -> None:
    await stack.hand_on(registered("bob"), registered("bob"))
    await stack.settled(1, "sent")
    (mail,) = await stack.messages()
    assert (mail["subject"], mail["user_id"], mail["task_id"]) == ("Welcome", "bob", "")


@pytest.mark.parametrize("channel", ["email", "push"])
async def test_a_reminder_takes_the_channel_that_it_names(stack: Stack, channel: str) -> None:
    await stack.hand_on(triggered("r1", channel), triggered("r1", channel))
    await stack.settled(1, "sent")
    (message,) = await stack.messages()
    assert (message["channel"], message["subject"]) == (channel, "Task Reminder")
    if channel == "push":
        assert message["body"]["reminder_id"] == "r1"
        assert message["body"]["body"].startswith("Reminder of task task-of-r1: milk <b>")
    else:
        assert "milk &lt;b&gt;" in message["body"]


async def test_without_an_address_or_a_channel_it_is_skipped_with_a_reason(stack: Stack) -> None:
    await stack.hand_on(
        triggered("r1", "sms"), triggered("r2", "webhook"), triggered("r3", "pigeon")
    )
    found = await stack.settled(3, "skipped")
    assert [each["reason"] for each in found] == [
        "the user has no address for this channel",
        "the user has no address for this channel",
        "there is no such channel",
    ]
    assert await stack.messages() == []


async def test_sms_and_webhook_go_to_the_users_own_address(stack: Stack) -> None:
    async with stack.service() as client:
        for channel, address in (("sms", "+14155550123"), ("webhook", "https://ann.example/h")):
            put = await client.put(f"/recipients/{channel}", json={"address": address})
            assert put.status_code == 200, put.text
    await stack.hand_on(triggered("r1", "sms"), triggered("r2", "webhook"))
    await stack.settled(2, "sent")
    (sms,) = await stack.messages(channel="sms")
    (hook,) = await stack.messages(channel="webhook")
    assert sms["recipient"] == "+14155550123"
    assert sms["body"].startswith("Reminder of task task-of-r1: milk <b>")
    assert hook["body"]["to"] == "https://ann.example/h"
    calls = dict(stack.sidecar.calls)
    assert calls["sms"]["metadata"]["toNumber"] == "+14155550123"


async def test_a_channel_that_the_user_switched_off_is_skipped(stack: Stack) -> None:
    async with stack.service() as client:
        await client.put("/recipients/email", json={"enabled": False})
    await stack.hand_on(created("t1"))
    (delivery,) = await stack.settled(1, "skipped")
    assert delivery["reason"] == "the user does not want this channel"
    assert await stack.messages() == []


async def test_a_failure_that_passes_is_tried_again_with_the_same_key(stack: Stack) -> None:
    await stack.behave(fail_next=2, status=503, keep=True)
    await stack.hand_on(created("t1"))
    (delivery,) = await stack.settled(1, "sent")
    (mail,) = await stack.messages()
    assert (delivery["attempts"], mail["repeats"]) == (3, 2)
    keys = {call["metadata"]["Idempotency-Key"] for _, call in stack.sidecar.calls}
    assert keys == {mail["key"]}


async def test_after_six_attempts_it_has_failed_and_can_be_sent_again(stack: Stack) -> None:
    await stack.behave(fail_next=6, status=500)
    await stack.hand_on(created("t1"))
    (delivery,) = await stack.settled(1, "failed", seconds=60)
    assert delivery["attempts"] == 6
    assert "received status code 500" in delivery["reason"]
    async with stack.service() as client:
        path = f"/notifications/{delivery['id']}/retry"
        assert (await client.post(path, headers={"x-user-id": "bob"})).status_code == 404
        assert (await client.post("/notifications/999/retry")).status_code == 404
        again = await client.post(path)
        assert (again.status_code, again.json()["status"]) == (200, "pending")
        (delivery,) = await stack.settled(1, "sent")
        refused = await client.post(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (delivery["attempts"], delivery["reason"]) == (7, None)
    assert len(await stack.messages()) == 1


async def test_what_the_provider_refuses_is_not_repeated(stack: Stack) -> None:
    await stack.behave(fail_next=1, status=400)
    await stack.hand_on(created("t1"))
    (delivery,) = await stack.settled(1, "failed")
    assert (delivery["attempts"], await stack.messages()) == (1, [])


async def test_a_provider_that_hangs_is_given_up_and_holds_up_no_other_channel(
    stack: Stack,
) -> None:
    await stack.behave(delay_seconds=30)
    await stack.hand_on(*(created(f"t{n}", user=f"user-{n}") for n in range(10)))
    await stack.hand_on(triggered("r1", "push"))

    async def pushed() -> bool:
        return len(await stack.messages(channel="push")) == 1

    # Six cut-off attempts at each mail take longer than that.
    await eventually(pushed, 15)
    await stack.behave(delay_seconds=0)
    await stack.settled(11, "sent", seconds=60)


async def test_a_canceled_reminder_is_withdrawn_while_it_waits(stack: Stack) -> None:
    await stack.behave(fail_next=3, status=503)
    stack.sidecar.target, target = "http://127.0.0.1:9", stack.sidecar.target
    await stack.hand_on(triggered("r1"))
    await stack.hand_on(canceled("r1"), canceled("r1"))
    (delivery,) = await stack.settled(1, "withdrawn")
    assert delivery["reason"] == "the reminder was canceled"
    stack.sidecar.target = target
    await asyncio.sleep(0.5)
    assert await stack.messages() == []


async def test_a_reminder_that_was_canceled_first_is_never_sent(stack: Stack) -> None:
    await stack.hand_on(canceled("r1"))
    await stack.hand_on(triggered("r1"), triggered("r2"))
    found = await stack.settled(2, "withdrawn", "sent")
    assert {each["task_id"]: each["status"] for each in found} == {
        "task-of-r1": "withdrawn",
        "task-of-r2": "sent",
    }
    assert [each["task_id"] for each in await stack.messages()] == ["task-of-r2"]


async def test_a_cancellation_after_the_sending_changes_nothing(stack: Stack) -> None:
    await stack.hand_on(triggered("r1"))
    await stack.settled(1, "sent")
    await stack.hand_on(canceled("r1"))
    assert [each["status"] for each in await stack.deliveries()] == ["sent"]


async def test_trigger_and_cancellation_at_once_end_in_one_of_two_ways(stack: Stack) -> None:
    numbers = range(20)
    await asyncio.gather(
        *(stack.hand_on(triggered(f"r{n}")) for n in numbers),
        *(stack.hand_on(canceled(f"r{n}")) for n in numbers),
    )
    found = await stack.settled(20, "sent", "withdrawn", seconds=40)
    sent = {each["task_id"] for each in found if each["status"] == "sent"}
    assert {each["task_id"] for each in await stack.messages()} == sent


async def test_replicas_share_the_work_and_keep_each_users_order(notifications_url: str) -> None:
    users = [f"user-{n}" for n in range(5)]
    # On a busy machine a send may take long; one that is cut off would rightly leave its line.
    patient = QUICK.model_copy(
        update={"delivery_send_seconds": 30.0, "delivery_lease_seconds": 120.0}
    )
    async with notification_stack(notifications_url, replicas=2, settings=patient) as stack:
        for start in range(0, 30, 10):
            await asyncio.gather(
                *(
                    stack.hand_on(
                        *(created(f"{user}-{n:02}", user, n + 1) for n in range(start, start + 10)),
                        replica=number % 2,
                    )
                    for number, user in enumerate(users)
                )
            )
        await stack.settled(150, "sent", seconds=120)
        for user in users:
            mails = await stack.messages(user_id=user)
            assert [mail["task_id"] for mail in mails] == [f"{user}-{n:02}" for n in range(30)]
            assert {mail["repeats"] for mail in mails} == {0}


async def test_one_that_keeps_failing_does_not_hold_up_those_behind_it(stack: Stack) -> None:
    await stack.behave(fail_next=1, status=503)
    await stack.hand_on(created("t0"), created("t1"), created("t2"))
    await stack.settled(3, "sent")
    assert [mail["task_id"] for mail in await stack.messages()][:1] != ["t0"]
    assert len(await stack.messages()) == 3


async def test_a_lease_that_ran_out_is_taken_over(
    stack: Stack, notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    # What a replica leaves behind that died after the provider had accepted.
    await postgres.execute(
        """INSERT INTO deliveries (event_id, task_id, user_id, channel, subject, body, status, seq,
             trace_id, event_time, attempts, next_attempt_at)
           VALUES (gen_random_uuid(), 't1', 'ann', 'email', 's', 'b', 'sending', 1, '', now(), 1,
             now() + interval '1 second'),
            (gen_random_uuid(), 't2', 'ann', 'email', 's', 'b', 'pending', 2, '', now(), 0, now())
        """,
        name,
    )
    found = await stack.settled(2, "sent")
    assert [each["attempts"] for each in found] == [2, 1]
    assert [mail["task_id"] for mail in await stack.messages()] == ["t1", "t2"]


async def test_an_answer_after_the_lease_changes_nothing(
    stack: Stack, notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    before = _lost_leases()
    stack.sidecar.open.clear()
    await stack.hand_on(created("t1"))
    await eventually(lambda: stack.sidecar.calls)
    # Somebody else took it meanwhile and is still at it.
    await postgres.execute(
        "UPDATE deliveries SET attempts = 2, next_attempt_at = now() + interval '1 hour'", name
    )
    stack.sidecar.open.set()
    await eventually(lambda: _lost_leases() > before)
    (delivery,) = await stack.deliveries()
    assert (delivery["status"], delivery["attempts"]) == ("sending", 2)


def _lost_leases() -> float:
    labels = {"channel": "email"}
    return REGISTRY.get_sample_value("delivery_leases_lost_total", labels) or 0.0


async def test_a_stop_finishes_what_is_being_sent_and_releases_the_rest(
    notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    async with notification_stack(notifications_url) as stack:
        await stack.behave(delay_seconds=1.0)
        await stack.hand_on(*(created(f"t{n}") for n in range(5)))

        async def begun() -> bool:
            return bool(stack.sidecar.calls)

        await eventually(begun)
    rows = await postgres.execute("SELECT status, attempts FROM deliveries ORDER BY id", name)
    states = [(row["status"], row["attempts"]) for row in rows]
    sent = sum(1 for status, _ in states if status == "sent")
    assert 1 <= sent < 5
    assert states == [("sent", 1)] * sent + [("pending", 0)] * (5 - sent)


async def test_the_dispatcher_rides_out_a_database_that_goes_away(
    stack: Stack, notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    for number in range(3):
        await postgres.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        await stack.hand_on(created(f"t{number}"))
        await stack.settled(number + 1, "sent")
    assert len(await stack.messages()) == 3


async def test_outcomes_are_kept_until_they_can_be_written_down(
    stack: Stack, notifications_url: str, postgres: PostgresServer
) -> None:
    name = notifications_url.rpartition("/")[2]
    await stack.behave(delay_seconds=0.5)
    await stack.hand_on(created("t1"))
    await eventually(lambda: stack.sidecar.calls)
    await postgres.execute("ALTER TABLE deliveries RENAME TO away", name)
    await asyncio.sleep(1.0)
    await postgres.execute("ALTER TABLE away RENAME TO deliveries", name)
    (delivery,) = await stack.settled(1, "sent")
    (mail,) = await stack.messages()
    assert (delivery["attempts"], mail["repeats"]) == (1, 0)


async def test_metrics_tell_attempts_and_time_to_sent(stack: Stack) -> None:
    await stack.behave(fail_next=1, status=503)
    await stack.hand_on(created("t1"))
    await stack.settled(1, "sent")
    async with httpx.AsyncClient(base_url=stack.urls[0]) as client:
        text = (await client.get("/metrics")).text
    assert 'delivery_attempts_total{channel="email",outcome="again"}' in text
    assert 'delivery_time_to_sent_seconds_count{channel="email"}' in text
    assert 'deliveries_unfinished{channel="email"}' in text


async def test_a_strange_user_and_title_arrive_unharmed(stack: Stack) -> None:
    data = ReminderTriggered(
        reminder_id="r",
        task_id="t",
        user_id="ü/a b@c",
        notification_channel="email",
        trigger_time=datetime.fromisoformat("2030-01-01T00:00:00+00:00"),
        title='čaj & <script>\r\nX-Evil: 1 😀 "q" \\',
        fired_at=datetime.fromisoformat("2030-01-01T00:00:00+00:00"),
    )
    await stack.hand_on(event(data, "strange"))
    await stack.settled(1, "sent")
    (mail,) = await stack.messages()
    assert mail["user_id"] == "ü/a b@c"
    assert mail["recipient"] == "%C3%BC%2Fa%20b%40c@users.todo.local"
    assert "čaj &amp; &lt;script&gt;\r\nX-Evil: 1 😀 &quot;q&quot; \\" in mail["body"]


async def test_the_lease_must_outlive_a_send() -> None:
    with pytest.raises(ValueError, match="twice"):
        type(QUICK)(delivery_lease_seconds=5, delivery_send_seconds=4)

"""The sink keeps what it was given, once, and fails when it is told to."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from notifications.models.recipient import Channel
from notifications.sink.app import create_sink
from notifications.sink.mailbox import Mailbox
from notifications.sink.models import KeptMessage


@pytest.fixture
def sink() -> Iterator[TestClient]:
    """A sink without a file."""
    with TestClient(create_sink()) as client:
        yield client


def post(client: TestClient, key: str, channel: str = "email", user: str = "ann") -> Any:
    headers = {
        "Idempotency-Key": key,
        "X-Recipient": f"{user}@x.example",
        "X-User-Id": user,
        "X-Subject": "caf%C3%A9",
    }
    return client.post(f"/{channel}", json="<p>hello</p>", headers=headers)


def test_a_message_is_kept_once_by_its_key(sink: TestClient) -> None:
    answers = [post(sink, "k1"), post(sink, "k1"), post(sink, "k2"), post(sink, "k1", "push")]
    assert [answer.status_code for answer in answers] == [201, 200, 201, 201]
    assert answers[1].json() == {"number": 1, "repeated": True}
    items = sink.get("/messages").json()["items"]
    assert [(item["key"], item["repeats"]) for item in items] == [("k1", 1), ("k2", 0), ("k1", 0)]
    assert (items[0]["subject"], items[0]["body"]) == ("café", "<p>hello</p>")


def test_messages_are_found_by_user_channel_and_number(sink: TestClient) -> None:
    for number in range(4):
        post(sink, f"k{number}", ["email", "push"][number % 2], ["ann", "bob"][number // 2])

    def numbers(**query: str) -> list[int]:
        return [item["number"] for item in sink.get("/messages", params=query).json()["items"]]

    assert numbers(user_id="ann") == [1, 2]
    assert numbers(channel="push") == [2, 4]
    assert numbers(user_id="bob", channel="email") == [3]
    page = sink.get("/messages", params={"limit": 3}).json()
    assert (len(page["items"]), page["next"]) == (3, 3)
    rest = sink.get("/messages", params={"after": page["next"], "limit": 3}).json()
    assert ([item["number"] for item in rest["items"]], rest["next"]) == ([4], None)


def test_everything_can_be_forgotten_and_numbers_go_on(sink: TestClient) -> None:
    post(sink, "k1")
    assert sink.delete("/messages").json() == {"deleted": 1}
    assert sink.get("/messages").json() == {"items": [], "next": None}
    assert post(sink, "k1").json() == {"number": 2, "repeated": False}


def test_it_fails_as_often_as_it_is_told(sink: TestClient) -> None:
    sink.put("/behaviour", json={"channel": "email", "fail_next": 2, "status": 429})
    assert [post(sink, "k").status_code for _ in range(3)] == [429, 429, 201]
    assert post(sink, "k", "push").status_code == 201
    shown = {each["channel"]: each for each in sink.get("/behaviour").json()}
    assert shown["email"]["fail_next"] == 0


def test_it_can_keep_a_message_and_fail_all_the_same(sink: TestClient) -> None:
    sink.put("/behaviour", json={"channel": "email", "fail_next": 1, "keep": True})
    assert [post(sink, "k").status_code for _ in range(2)] == [503, 200]
    assert len(sink.get("/messages").json()["items"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"channel": "pigeon"},
        {"channel": "email", "fail_next": -1},
        {"channel": "email", "status": 200},
        {"channel": "email", "oops": 1},
    ],
)
def test_a_behaviour_that_makes_no_sense_is_refused(
    sink: TestClient, body: dict[str, object]
) -> None:
    assert sink.put("/behaviour", json=body).status_code == 422


def test_a_message_without_a_key_or_on_no_channel_is_refused(sink: TestClient) -> None:
    assert sink.post("/email", json="x").status_code == 422
    assert post(sink, "k", "pigeon").status_code == 422
    assert sink.get("/health").json() == {"status": "ok"}


def test_a_body_that_is_no_json_is_kept_as_text(sink: TestClient) -> None:
    sink.post("/sms", content=b"plain \xff", headers={"Idempotency-Key": "k"})
    (item,) = sink.get("/messages").json()["items"]
    assert item["body"] == "plain \ufffd"


def _message(key: str) -> KeptMessage:
    return KeptMessage(
        number=0,
        channel=Channel.EMAIL,
        key=key,
        recipient="r",
        user_id="ann",
        task_id="t",
        event_id="e",
        subject="s",
        body={"a": 1},
        traceparent="",
        received_at=datetime.now(UTC),
    )


def test_only_the_last_messages_are_kept() -> None:
    mailbox = Mailbox(kept=3)
    for number in range(5):
        mailbox.add(_message(f"k{number}"))
    assert [each.key for each in mailbox.find(None, None, 0, 10)] == ["k2", "k3", "k4"]
    assert mailbox.add(_message("k0")).repeated is False


def test_a_restart_forgets_no_key_even_after_a_crash_in_the_middle_of_a_line(
    tmp_path: Path,
) -> None:
    path = tmp_path / "folder" / "messages.jsonl"
    mailbox = Mailbox(path)
    mailbox.add(_message("k1"))
    mailbox.add(_message("k2"))
    with path.open("a") as file:
        file.write('{"number": 3, "chan')
    again = Mailbox(path)
    assert again.add(_message("k1")).model_dump() == {"number": 1, "repeated": True}
    assert again.add(_message("k3")).model_dump() == {"number": 3, "repeated": False}
    assert [each.key for each in Mailbox(path).find(None, None, 0, 9)] == ["k1", "k2", "k3"]
    assert again.clear() == 3
    assert Mailbox(path).find(None, None, 0, 9) == []

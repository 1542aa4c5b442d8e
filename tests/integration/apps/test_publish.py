"""The publish call as the sidecar sees it, and what its answers mean."""

import asyncio

import pytest
from recording_sidecar import RecordingSidecar

from todo_shared.dapr import (
    DaprPubSubService,
    DaprServiceInvocation,
    PublishError,
    Sidecar,
    SidecarUnavailableError,
)
from todo_shared.dapr.pubsub import BulkEntry

ENTRY = BulkEntry("1", "ann", b'{"id":"e1"}')


async def test_first_publishes_at_the_same_time_all_find_the_name_of_the_call(
    sidecar: RecordingSidecar,
) -> None:
    async with Sidecar(sidecar.url) as client:
        service = DaprPubSubService(client, "task-events")
        failed = await asyncio.gather(*(service.publish_bulk("t", [ENTRY]) for _ in range(8)))
    assert set(failed) == {frozenset()}
    assert len(sidecar.bulks) == 8


async def test_the_token_of_the_sidecar_is_sent(sidecar: RecordingSidecar) -> None:
    async with Sidecar(sidecar.url, "secret-token") as client:
        await DaprPubSubService(client, "task-events").publish_bulk("t", [ENTRY])
    assert sidecar.bulks[0].headers["dapr-api-token"] == "secret-token"


async def test_failed_entries_are_named(sidecar: RecordingSidecar) -> None:
    body = {"failedEntries": [{"entryId": "1", "error": "x"}], "errorCode": "ERR_PUBSUB_PUBLISH"}
    sidecar.verdict = lambda _topic, _entries: (500, body)
    async with Sidecar(sidecar.url) as client:
        failed = await DaprPubSubService(client, "task-events").publish_bulk("t", [ENTRY])
    assert failed == {"1"}


async def test_an_answer_that_names_no_entry_leaves_all_unknown(sidecar: RecordingSidecar) -> None:
    sidecar.verdict = lambda _topic, _entries: (503, None)
    async with Sidecar(sidecar.url) as client:
        with pytest.raises(PublishError, match="answered 503"):
            await DaprPubSubService(client, "task-events").publish_bulk("t", [ENTRY])


async def test_without_a_sidecar_the_call_says_so() -> None:
    async with Sidecar("http://127.0.0.1:9") as client:
        assert not await client.ready()
        with pytest.raises(SidecarUnavailableError, match="POST"):
            await DaprPubSubService(client, "task-events").publish_bulk("t", [ENTRY])


async def test_a_closed_client_says_so() -> None:
    with pytest.raises(SidecarUnavailableError, match="not open"):
        await Sidecar("http://127.0.0.1:9").call("GET", "/", seconds=1)


async def test_a_call_that_may_not_be_repeated_is_made_once(sidecar: RecordingSidecar) -> None:
    sidecar.unreachable_invokes = 9
    async with Sidecar(sidecar.url) as client:
        with pytest.raises(SidecarUnavailableError, match="ERR_DIRECT_INVOKE"):
            await DaprServiceInvocation(client).invoke("app", "DELETE", "/x", idempotent=False)
    assert len(sidecar.invoked) == 1


async def test_an_app_that_never_answers_costs_no_more_than_the_deadline() -> None:
    silent = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with Sidecar(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(SidecarUnavailableError):
            await DaprServiceInvocation(client, seconds=0.1).invoke(
                "app", "GET", "/x", idempotent=True
            )
    silent.close()

"""One request for each operation, and from its answer no more than it proves."""

import itertools
import json

import httpx
import pytest

from ballast.gate.history.operations import Kind, Operation, Result
from ballast.gate.history.requests import perform

TASK = {"id": "t1", "version": 3}


async def performed(answer: httpx.Response | Exception, kind: Kind = Kind.READ) -> Operation:
    """What an operation on task t1 becomes when the gateway says `answer`."""

    def handle(request: httpx.Request) -> httpx.Response:
        performed.request = request
        if isinstance(answer, Exception):
            raise answer
        return answer

    clock = itertools.count(100.0)
    task = "" if kind in (Kind.CREATE, Kind.LIST) else "t1"
    transport = httpx.MockTransport(handle)
    async with httpx.AsyncClient(base_url="http://gateway", transport=transport) as client:
        return await perform(
            client, "token-1", (kind, task), user="u1", key="k1", now=lambda: next(clock)
        )


@pytest.mark.parametrize(
    ("kind", "method", "target", "body"),
    [
        (Kind.CREATE, "POST", "/api/v1/tasks", {"title": "k1"}),
        (Kind.UPDATE, "PATCH", "/api/v1/tasks/t1", {"title": "k1"}),
        (Kind.COMPLETE, "POST", "/api/v1/tasks/t1/complete", None),
        (Kind.DELETE, "DELETE", "/api/v1/tasks/t1", None),
        (Kind.READ, "GET", "/api/v1/tasks/t1", None),
        (Kind.LIST, "GET", "/api/v1/tasks?limit=100", None),
    ],
)
async def test_each_kind_is_a_request_of_the_public_api(kind, method, target, body):
    await performed(httpx.Response(200, json=TASK), kind)
    request = performed.request
    assert (request.method, request.url.raw_path.decode()) == (method, target)
    assert request.headers["authorization"] == "Bearer token-1"
    assert (json.loads(request.content) if request.content else None) == body


@pytest.mark.parametrize("kind", [Kind.CREATE, Kind.UPDATE, Kind.COMPLETE, Kind.READ])
async def test_an_answer_tells_task_and_version(kind: Kind):
    assert await performed(httpx.Response(200, json=TASK), kind) == Operation(
        "u1", "k1", kind, "t1", 100.0, 101.0, Result.ACKNOWLEDGED, 3
    )


async def test_a_deletion_needs_no_body():
    done = await performed(httpx.Response(204), Kind.DELETE)
    assert (done.result, done.task, done.version) == (Result.ACKNOWLEDGED, "t1", 0)


@pytest.mark.parametrize(("following", "more"), [(None, False), ("t9", True)])
async def test_a_list_tells_all_that_it_shows(following: str | None, *, more: bool):
    page = {"items": [TASK, {"id": "t2", "version": 1}], "next": following}
    done = await performed(httpx.Response(200, json=page), Kind.LIST)
    assert (done.result, done.seen, done.more) == (
        Result.ACKNOWLEDGED,
        {"t1": 3, "t2": 1},
        more,
    )


async def test_a_read_of_a_task_that_is_not_there_has_seen_that():
    done = await performed(httpx.Response(404))
    assert (done.result, done.version) == (Result.ACKNOWLEDGED, 0)


@pytest.mark.parametrize("status", [400, 401, 403, 422, 429])
async def test_a_refusal_is_a_failure(status: int):
    assert (await performed(httpx.Response(status), Kind.UPDATE)).result is Result.FAILED


@pytest.mark.parametrize("status", [404, 409, 500, 502, 503, 504])
async def test_what_may_have_happened_is_unknown(status: int):
    assert (await performed(httpx.Response(status), Kind.UPDATE)).result is Result.UNKNOWN


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ConnectTimeout("late")])
async def test_what_was_never_sent_has_failed(error: Exception):
    assert (await performed(error, Kind.CREATE)).result is Result.FAILED


@pytest.mark.parametrize("error", [httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut")])
async def test_what_was_sent_and_not_answered_is_unknown(error: Exception):
    done = await performed(error, Kind.CREATE)
    assert (done.result, done.invoked, done.completed) == (Result.UNKNOWN, 100.0, 101.0)


@pytest.mark.parametrize("kind", [Kind.CREATE, Kind.LIST])
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"items": [{}], "version": "x", "id": 1}'])
async def test_a_success_that_says_nothing_is_unknown(kind: Kind, text: str):
    assert (await performed(httpx.Response(200, text=text), kind)).result is Result.UNKNOWN

"""Accounts and sessions over HTTP, with a real Redis for the counts of failed logins."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from gateway_stack import KEY, PASSWORD, Stack, gateway_stack, token
from redis_server import RedisServer
from running_app import eventually

ANN = {"email": "ann@example.com", "password": PASSWORD}
WRONG = {"email": "ann@example.com", "password": "not this password"}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server for all tests of this file."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def stack(redis: RedisServer, tmp_path: Path) -> AsyncIterator[Stack]:
    """A gateway that issues tokens, with room for many tries."""
    redis.command("FLUSHALL")
    many = {"auth_rate_limit_per_minute": 1000, "client_rate_limit_per_15_minutes": 1000}
    async with gateway_stack(tmp_path, redis.url, **many) as started:
        yield started


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    async with httpx.AsyncClient(base_url=stack.url, timeout=20) as opened:
        yield opened


def claims(session: dict[str, Any]) -> dict[str, Any]:
    """What the access token says, checked with the public key."""
    return jwt.decode(
        session["access_token"],
        KEY.public_key(),
        algorithms=["EdDSA"],
        audience="todo",
        issuer="https://identity.todo.local",
    )


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
async def test_an_account_is_made_and_its_token_opens_the_api(
    client: httpx.AsyncClient, stack: Stack, prefix: str
) -> None:
    made = await client.post(f"{prefix}/auth/register", json=ANN)
    assert made.status_code == 201
    session = made.json()
    assert session["user"]["email"] == "ann@example.com"
    assert session["token_type"] == "Bearer"
    assert (session["expires_in"], session["refresh_expires_in"]) == (900, 2_592_000)
    said = claims(session)
    assert said["exp"] - said["iat"] == 900
    assert abs(said["iat"] - time.time()) < 60
    assert said["role"] == "user"
    assert set(said) == {"sub", "iss", "aud", "iat", "exp", "jti", "role"}
    answer = await client.get(
        "/api/v1/tasks", headers={"authorization": f"Bearer {session['access_token']}"}
    )
    assert answer.status_code == 200
    assert stack.sidecar.invoked[-1][2]["x-user-id"] == session["user"]["id"] == said["sub"]
    logged_in = await client.post(f"{prefix}/auth/login", json=ANN)
    assert logged_in.status_code == 200
    assert claims(logged_in.json())["jti"] != said["jti"]


async def test_an_address_has_one_account_however_it_is_written(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/auth/register", json=ANN)
    again = await client.post("/auth/register", json=ANN | {"email": " Ann@EXAMPLE.com"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert (await client.post("/auth/login", json=ANN | {"email": "ANN@example.com"})).is_success


async def test_of_many_registrations_at_the_same_time_one_wins(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    answers = await asyncio.gather(*(client.post("/auth/register", json=ANN) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len([key for key in stack.sidecar.store.values if key.startswith("user:")]) == 1


async def test_only_a_hash_of_password_and_tokens_is_stored(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    session = (await client.post("/auth/register", json=ANN)).json()
    values = b"".join(each.value for each in stack.sidecar.store.values.values())
    keys = "".join(stack.sidecar.store.values)
    assert b"$2b$04$" in values
    _, family, secret = session["refresh_token"].split(".")
    for each in (PASSWORD, family, secret, session["access_token"]):
        assert each.encode() not in values and each not in keys
    assert "ann@example.com" not in keys


@pytest.mark.parametrize(
    "body",
    [
        {"email": "ann@example.com", "password": "too short"},
        {"email": "ann@example.com", "password": "é" * 37},
        {"email": "ann@example.com", "password": "x" * 73},
        {"email": "not an address", "password": PASSWORD},
        {"email": "ann@example.com"},
        ANN | {"role": "admin"},
        [],
    ],
    ids=str,
)
async def test_other_credentials_are_refused_and_not_repeated_in_the_answer(
    client: httpx.AsyncClient, body: object
) -> None:
    answer = await client.post("/auth/register", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "too short" not in answer.text and "é" not in answer.text


async def test_a_wrong_password_and_an_unknown_address_look_the_same(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/auth/register", json=ANN)
    wrong = await client.post("/auth/login", json=WRONG)
    unknown = await client.post("/auth/login", json=ANN | {"email": "bob@example.com"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["error"] == unknown.json()["error"]
    assert set(wrong.headers) == set(unknown.headers)


async def test_a_wrong_password_and_an_unknown_address_take_the_same_time(
    redis: RedisServer, tmp_path: Path
) -> None:
    redis.command("FLUSHALL")
    many = {"auth_rate_limit_per_minute": 1000, "login_failure_limit": 1000}
    async with (
        gateway_stack(tmp_path, redis.url, password_hash_cost=9, **many) as stack,
        httpx.AsyncClient(base_url=stack.url, timeout=60) as client,
    ):
        await client.post("/auth/register", json=ANN)
        seconds: dict[str, list[float]] = {"ann@example.com": [], "bob@example.com": []}
        for _ in range(9):
            for email, taken in seconds.items():
                # What other processes take of the machine says nothing about ours.
                started = time.process_time()
                answer = await client.post("/auth/login", json=WRONG | {"email": email})
                taken.append(time.process_time() - started)
                assert answer.status_code == 401
    known, unknown = (min(taken) for taken in seconds.values())
    # A hash of this cost takes some 30 ms; without it the unknown address would answer in 5.
    assert 0.6 < unknown / known < 1.7


async def test_after_five_failures_an_account_is_locked_for_a_while(
    client: httpx.AsyncClient, redis: RedisServer
) -> None:
    await client.post("/auth/register", json=ANN)
    failed = [await client.post("/auth/login", json=WRONG) for _ in range(5)]
    locked = await client.post("/auth/login", json=ANN)
    assert [answer.status_code for answer in failed] == [401] * 5
    assert (locked.status_code, locked.json()["error"]) == (429, "too many failed logins")
    assert 895 <= int(locked.headers["retry-after"]) <= 900
    (key,) = redis.command("KEYS", "login-failures:*").split()
    redis.command("PEXPIRE", key, "50")
    await asyncio.sleep(0.1)
    assert (await client.post("/auth/login", json=ANN)).status_code == 200


async def test_an_unknown_address_is_locked_like_a_known_one(client: httpx.AsyncClient) -> None:
    statuses = [(await client.post("/auth/login", json=WRONG)).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_a_success_ends_the_count_of_failures(client: httpx.AsyncClient) -> None:
    await client.post("/auth/register", json=ANN)
    for _ in range(3):
        failed = [(await client.post("/auth/login", json=WRONG)).status_code for _ in range(4)]
        assert failed == [401] * 4
        assert (await client.post("/auth/login", json=ANN)).status_code == 200


async def test_guesses_at_the_same_time_are_counted_before_they_are_tried(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/auth/register", json=ANN)
    answers = await asyncio.gather(*(client.post("/auth/login", json=WRONG) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15


async def test_a_refresh_token_is_good_for_one_use(client: httpx.AsyncClient) -> None:
    session = (await client.post("/auth/register", json=ANN)).json()
    for _ in range(3):
        answer = await client.post(
            "/auth/refresh", json={"refresh_token": session["refresh_token"]}
        )
        assert answer.status_code == 200
        assert answer.json()["refresh_token"] != session["refresh_token"]
        assert claims(answer.json())["sub"] == session["user"]["id"]
        session = answer.json()


async def test_a_used_refresh_token_ends_its_family_and_no_other(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    first = (await client.post("/auth/register", json=ANN)).json()["refresh_token"]
    other = (await client.post("/auth/login", json=ANN)).json()["refresh_token"]
    second = (await client.post("/auth/refresh", json={"refresh_token": first})).json()
    reused = await client.post("/auth/refresh", json={"refresh_token": first})
    successor = await client.post("/auth/refresh", json={"refresh_token": second["refresh_token"]})
    untouched = await client.post("/auth/refresh", json={"refresh_token": other})
    assert [reused.status_code, successor.status_code, untouched.status_code] == [401, 401, 200]
    ttls = {
        ttl for key, ttl in stack.sidecar.store.ttls.items() if key.startswith("refresh-token:")
    }
    assert ttls == {2_592_000}


async def test_of_many_uses_at_the_same_time_at_most_one_gets_tokens(
    client: httpx.AsyncClient,
) -> None:
    first = (await client.post("/auth/register", json=ANN)).json()["refresh_token"]
    answers = await asyncio.gather(
        *(client.post("/auth/refresh", json={"refresh_token": first}) for _ in range(8))
    )
    good = [answer.json()["refresh_token"] for answer in answers if answer.is_success]
    assert len(good) <= 1
    for successor in good:
        after = await client.post("/auth/refresh", json={"refresh_token": successor})
        assert after.status_code == 401


@pytest.mark.parametrize("text", ["x", "a.b.c", "..", "a.b", "\x7f.\x00.c", "ü.b.c", "a" * 512])
async def test_anything_else_is_no_refresh_token(client: httpx.AsyncClient, text: str) -> None:
    assert (await client.post("/auth/refresh", json={"refresh_token": text})).status_code == 401
    assert (await client.post("/auth/logout", json={"refresh_token": text})).status_code == 204


async def test_after_logout_the_session_is_over(client: httpx.AsyncClient) -> None:
    token_text = (await client.post("/auth/register", json=ANN)).json()["refresh_token"]
    for _ in range(2):
        gone = await client.post("/auth/logout", json={"refresh_token": token_text})
        assert (gone.status_code, gone.content) == (204, b"")
    after = await client.post("/auth/refresh", json={"refresh_token": token_text})
    assert after.status_code == 401


async def test_an_old_refresh_token_is_not_taken(redis: RedisServer, tmp_path: Path) -> None:
    redis.command("FLUSHALL")
    async with (
        gateway_stack(tmp_path, redis.url, refresh_token_seconds=3601) as stack,
        httpx.AsyncClient(base_url=stack.url) as client,
    ):
        text = (await client.post("/auth/register", json=ANN)).json()["refresh_token"]
        values = stack.sidecar.store.values
        (key,) = (key for key in values if key.startswith("refresh-token:"))
        year = str(time.gmtime().tm_year).encode()
        held = values[key]
        values[key] = type(held)(held.value.replace(year, b"2001"), held.etag)
        answer = await client.post("/auth/refresh", json={"refresh_token": text})
    assert answer.status_code == 401


async def test_only_an_admin_gives_roles_and_the_next_token_has_them(
    client: httpx.AsyncClient,
) -> None:
    session = (await client.post("/auth/register", json=ANN)).json()
    path = f"/api/v1/users/{session['user']['id']}/role"
    as_ann = {"authorization": f"Bearer {session['access_token']}"}
    body = {"role": "admin"}
    nobody = await client.put(path, json=body)
    by_user = await client.put(path, json=body, headers=as_ann)
    # Better Auth writes several roles with commas between them.
    by_admin = await client.put(path, json=body, headers=token("root", role="user, admin"))
    absent = await client.put(
        "/api/v1/users/none/role", json=body, headers=token("root", role="admin")
    )
    assert [nobody.status_code, by_user.status_code] == [401, 403]
    assert by_user.json()["code"] == "forbidden"
    assert (by_admin.status_code, by_admin.json()["role"]) == (200, "admin")
    assert absent.status_code == 404
    fresh = await client.post("/auth/refresh", json={"refresh_token": session["refresh_token"]})
    assert claims(fresh.json())["role"] == "admin"


async def test_a_password_is_hashed_anew_when_the_cost_has_changed(
    client: httpx.AsyncClient, stack: Stack, redis: RedisServer, tmp_path: Path
) -> None:
    await client.post("/auth/register", json=ANN)
    (tmp_path / "other").mkdir()
    async with (
        gateway_stack(tmp_path / "other", redis.url, password_hash_cost=5) as other,
        httpx.AsyncClient(base_url=other.url) as elsewhere,
    ):
        other.sidecar.store = stack.sidecar.store
        for _ in range(2):
            assert (await elsewhere.post("/auth/login", json=ANN)).status_code == 200
        (key,) = (key for key in stack.sidecar.store.values if key.startswith("user:"))
        assert b"$2b$05$" in stack.sidecar.store.values[key].value


async def test_events_follow_each_change_and_tell_no_address(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    made = await client.post("/auth/register", json=ANN, headers={"x-correlation-id": "request-1"})
    await client.post("/auth/login", json=ANN)
    await client.post("/auth/login", json=WRONG)
    user = made.json()["user"]["id"]
    await eventually(lambda: len(stack.sidecar.events) >= 2)
    # Topics may overtake each other; what happened first has the lower number.
    registered, authenticated = sorted(stack.sidecar.events, key=lambda event: event["seq"])
    topics = {"test.user.registered", "test.user.authenticated"}
    assert {bulk.topic for bulk in stack.sidecar.bulks} == topics
    assert registered["type"] == "com.todo.user.registered.v1"
    assert (registered["seq"], authenticated["seq"]) == (1, 2)
    assert {registered["partitionkey"], authenticated["partitionkey"]} == {user}
    assert registered["correlationid"] == "request-1"
    assert registered["traceparent"][3:35] == made.headers["x-trace-id"]
    assert registered["source"] == "api-gateway"
    assert set(registered["data"]) == {"user_id", "registered_at"}
    assert set(authenticated["data"]) == {"user_id", "authenticated_at"}
    assert "ann@example.com" not in str(stack.sidecar.events)


async def test_an_event_waits_for_the_broker_but_the_request_does_not(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    stack.sidecar.verdict = lambda _, __: (500, {"errorCode": "ERR_PUBSUB", "message": "away"})
    assert (await client.post("/auth/register", json=ANN)).status_code == 201
    await eventually(lambda: stack.sidecar.bulks)
    stack.sidecar.verdict = None
    stack.sidecar.bulks.clear()
    await eventually(lambda: stack.sidecar.events)
    outbox = [v for k, v in stack.sidecar.store.values.items() if k.startswith("outbox:gateway:")]

    def empty() -> bool:
        values = stack.sidecar.store.values
        return [v.value for k, v in values.items() if k.startswith("outbox:")] == [b"[]"]

    assert len(outbox) == 1
    await eventually(empty)


async def test_without_the_store_nobody_is_told_anything_but_that(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    text = (await client.post("/auth/register", json=ANN)).json()["refresh_token"]
    stack.sidecar.store.down = True
    answers = [
        await client.post("/auth/register", json=ANN | {"email": "bob@example.com"}),
        await client.post("/auth/login", json=ANN),
        await client.post("/auth/refresh", json={"refresh_token": text}),
        await client.post("/auth/logout", json={"refresh_token": text}),
    ]
    assert [answer.status_code for answer in answers] == [503] * 4
    stack.sidecar.store.down = False
    assert (await client.post("/auth/login", json=ANN)).status_code == 200


async def test_no_log_line_has_a_password_or_a_token(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        session = (await client.post("/auth/register", json=ANN)).json()
        used = {"refresh_token": session["refresh_token"]}
        for path, body in (("login", ANN), ("login", WRONG), ("refresh", used), ("refresh", used)):
            await client.post(f"/auth/{path}", json=body)
        bearer = {"authorization": f"Bearer {session['access_token']}"}
        await client.get("/api/v1/tasks", headers=bearer)
    lines = [str(vars(record)) for record in caplog.records if record.name != "httpcore.http11"]
    text = "\n".join(line for line in lines if "httpcore" not in line)
    assert "a refresh token was used again" in text
    for secret in (PASSWORD, WRONG["password"], session["refresh_token"], session["access_token"]):
        assert secret not in text
    access = [record for record in caplog.records if record.name == "access"]
    assert vars(access[-1])["user_id"] == session["user"]["id"]
    assert access[-1].getMessage() == "GET /api/v1/tasks 200"


async def test_where_tokens_come_from_elsewhere_there_are_no_accounts(
    redis: RedisServer, tmp_path: Path
) -> None:
    redis.command("FLUSHALL")
    async with (
        gateway_stack(tmp_path, redis.url, identity=False) as stack,
        httpx.AsyncClient(base_url=stack.url) as client,
    ):
        answer = await client.post("/auth/login", json=ANN)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

"""How often one may ask: the numbers, who is counted, and what happens without Redis."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gateway_stack import PASSWORD, gateway_stack, token
from ports import free_port
from prometheus_client import REGISTRY
from redis_server import RedisServer

from gateway.circuit_breaker import CircuitRules
from gateway.counters import Counters, CountersUnavailableError
from gateway.redis_client import open_redis
from gateway.settings import GatewaySettings
from gateway.sliding_window import Rule, SlidingWindow

# Believed by the gateway of these tests, so that each test can be many clients.
LOOPBACK = {"trusted_proxies": "127.0.0.0/8"}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server for all tests of this file."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def window(redis: RedisServer) -> AsyncIterator[SlidingWindow]:
    """A window on an empty Redis."""
    redis.command("FLUSHALL")
    counters = Counters(open_redis(redis.url, GatewaySettings(redis_seconds=2)))
    yield SlidingWindow(counters)
    await counters.close()


def client(url: str, address: str = "192.0.2.1") -> httpx.AsyncClient:
    """A client that the gateway sees at `address`."""
    return httpx.AsyncClient(base_url=url, headers={"x-forwarded-for": address})


async def test_in_no_stretch_of_a_window_are_there_more_than_the_limit(
    window: SlidingWindow,
) -> None:
    rule = Rule("user", 5, 1)
    taken: list[tuple[float, float]] = []
    async with asyncio.timeout(60):
        while len(taken) < 16:
            before = time.monotonic()
            if (await window.take([rule], "ann")).allowed:
                taken.append((before, time.monotonic()))
            await asyncio.sleep(0.01)
    # The server decides between our two looks at the clock, which it reads in milliseconds.
    spans = [later[1] - sooner[0] for sooner, later in zip(taken, taken[5:], strict=False)]
    assert min(spans) > 0.99


async def test_of_many_at_the_same_time_exactly_the_limit_pass(window: SlidingWindow) -> None:
    rule = Rule("user", 10, 60)
    decisions = await asyncio.gather(*(window.take([rule], "ann") for _ in range(50)))
    assert [decision.allowed for decision in decisions].count(True) == 10
    assert sorted(d.standing.remaining for d in decisions if d.allowed) == list(range(10))
    assert (await window.take([rule], "bob")).allowed


async def test_a_refused_request_is_counted_under_no_rule(window: SlidingWindow) -> None:
    tight, wide = Rule("auth", 1, 60), Rule("client", 3, 60)
    first, *refused = [await window.take([tight, wide], "a") for _ in range(5)]
    assert first.allowed and not any(each.allowed for each in refused)
    assert {each.standing.rule for each in refused} == {tight}
    left = await window.take([wide], "a")
    assert (left.allowed, left.standing.remaining) == (True, 1)


async def test_what_is_counted_does_not_stay_in_redis(
    window: SlidingWindow, redis: RedisServer
) -> None:
    for _ in range(20):
        await window.take([Rule("user", 10, 60)], "ann")
    assert redis.command("ZCARD", "rate:{ann}:user") == "10"
    assert 30_000 < int(redis.command("PTTL", "rate:{ann}:user")) <= 60_000


async def test_the_eleventh_request_of_a_user_in_a_minute_is_refused(
    redis: RedisServer, tmp_path: Path
) -> None:
    redis.command("FLUSHALL")
    async with gateway_stack(tmp_path, redis.url) as stack, client(stack.url) as opened:
        answers = [await opened.get("/api/v1/tasks", headers=token("ann")) for _ in range(11)]
        other = await opened.get("/api/v1/tasks", headers=token("bob"))
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert other.status_code == 200
    assert len([path for _, path, _ in stack.sidecar.invoked if "tasks" in path]) == 11
    first, last = answers[0].headers, answers[-1].headers
    assert (first["ratelimit-limit"], first["ratelimit-remaining"]) == ("10", "9")
    assert first["ratelimit-policy"] == "10;w=60"
    assert "retry-after" not in first
    assert 1 <= int(last["retry-after"]) <= 60
    assert last["ratelimit-remaining"] == "0"
    body = answers[-1].json()
    assert (body["error"], body["code"]) == ("too many requests", "too_many_requests")
    assert body["correlation_id"] == last["x-correlation-id"]
    assert last["x-content-type-options"] == "nosniff"


async def test_without_a_verified_token_an_address_has_100_requests_in_15_minutes(
    redis: RedisServer, tmp_path: Path
) -> None:
    redis.command("FLUSHALL")
    async with gateway_stack(tmp_path, redis.url, **LOOPBACK) as stack:
        async with client(stack.url) as opened:
            bad = {"authorization": "Bearer a.b.c"}
            statuses = [
                (await opened.get("/api/v1/tasks", headers=bad)).status_code for _ in range(50)
            ] + [(await opened.get("/nowhere")).status_code for _ in range(50)]
            refused = await opened.get("/docs")
            probe = await opened.get("/health")
            with_token = await opened.get("/api/v1/tasks", headers=token())
        async with client(stack.url, "192.0.2.2") as elsewhere:
            other = await elsewhere.get("/docs")
    assert statuses == [401] * 50 + [404] * 50
    assert (refused.status_code, refused.headers["ratelimit-policy"]) == (429, "100;w=900")
    assert [probe.status_code, with_token.status_code, other.status_code] == [200, 200, 200]


async def test_five_tries_a_minute_at_the_login_routes_of_all_versions_together(
    redis: RedisServer, tmp_path: Path
) -> None:
    redis.command("FLUSHALL")
    paths = ["/auth/login", "/api/v1/auth/login", "/auth/refresh", "/auth/register", "/auth/logout"]
    body = {"email": "ann@example.com", "password": PASSWORD}
    async with gateway_stack(tmp_path, redis.url, **LOOPBACK) as stack, client(stack.url) as opened:
        # A valid token changes nothing: the address is what is counted.
        tried = [await opened.post(path, json=body, headers=token()) for path in paths]
        sixth = await opened.post("/api/v1/auth/login", json=body, headers=token("bob"))
    assert 429 not in [answer.status_code for answer in tried]
    assert (sixth.status_code, sixth.headers["ratelimit-policy"]) == (429, "5;w=60")


async def test_a_client_cannot_choose_its_address(redis: RedisServer, tmp_path: Path) -> None:
    redis.command("FLUSHALL")
    async with gateway_stack(tmp_path, redis.url, client_rate_limit_per_15_minutes=3) as stack:
        statuses = []
        for number in range(5):
            async with client(stack.url, f"192.0.2.{number}") as opened:
                statuses.append((await opened.get("/docs")).status_code)
    assert statuses == [200, 200, 200, 429, 429]


def _uncounted(outcome: str) -> float:
    labels = {"outcome": outcome}
    return REGISTRY.get_sample_value("rate_limit_unavailable_total", labels) or 0.0


async def test_without_redis_users_are_let_through_and_logins_are_not(tmp_path: Path) -> None:
    before = _uncounted("let_through"), _uncounted("refused")
    nowhere = f"redis://127.0.0.1:{free_port()}"
    async with gateway_stack(tmp_path, nowhere) as stack, client(stack.url) as opened:
        users = [await opened.get("/api/v1/tasks", headers=token()) for _ in range(20)]
        body = {"email": "ann@example.com", "password": PASSWORD}
        login = await opened.post("/auth/login", json=body)
        ready = await opened.get("/ready")
    assert {answer.status_code for answer in users} == {200}
    assert (login.status_code, login.json()["code"]) == (503, "unavailable")
    assert login.headers["retry-after"] == "1"
    assert ready.status_code == 200
    assert (_uncounted("let_through"), _uncounted("refused")) == (before[0] + 20, before[1] + 1)


async def test_when_redis_comes_back_it_counts_again(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis")
    async with gateway_stack(tmp_path, server.url) as stack, client(stack.url) as opened:
        first = [await opened.get("/api/v1/tasks", headers=token()) for _ in range(8)]
        server.start()
        await asyncio.sleep(1.1)  # so long it is not asked after a failure
        again = [await opened.get("/api/v1/tasks", headers=token()) for _ in range(11)]
        server.stop()
    assert {answer.status_code for answer in first} == {200}
    assert [answer.status_code for answer in again] == [200] * 10 + [429]


async def test_a_password_file_is_read_anew_for_each_connection(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis", password="first")
    server.start()
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    settings = GatewaySettings(redis_seconds=2, redis_password_path=secret)
    counters = Counters(open_redis(server.url, settings))
    window, rule = SlidingWindow(counters), Rule("user", 1, 60)
    with pytest.raises(CountersUnavailableError):
        await window.take([rule], "ann")
    secret.write_text("first\n")
    assert (await window.take([rule], "ann")).allowed
    settings = GatewaySettings(
        redis_seconds=2, redis_password_path=secret, redis_username="default"
    )
    named = Counters(open_redis(server.url, settings))
    assert (await SlidingWindow(named).take([rule], "bob")).allowed
    await counters.close()
    await named.close()
    server.stop()


async def test_redis_is_reached_by_tls_and_only_with_the_right_authority(tmp_path: Path) -> None:
    for name in ("right", "wrong"):
        _certificate(tmp_path / f"{name}.crt", tmp_path / f"{name}.key")
    server = RedisServer(
        tmp_path / "redis", certificate=tmp_path / "right.crt", key=tmp_path / "right.key"
    )
    server.start()
    allowed: dict[str, bool] = {}
    for name in ("right", "wrong"):
        settings = GatewaySettings(redis_seconds=2, redis_ca_path=tmp_path / f"{name}.crt")
        counters = Counters(open_redis(server.url, settings))
        try:
            decision = await SlidingWindow(counters).take([Rule("user", 1, 60)], "ann")
            allowed[name] = decision.allowed
        except CountersUnavailableError:
            allowed[name] = False
        await counters.close()
    server.stop()
    assert allowed == {"right": True, "wrong": False}


def _certificate(certificate: Path, key: Path) -> None:
    """A certificate for 127.0.0.1 that is its own authority."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, certificate.stem)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


async def test_a_server_that_only_listens_costs_one_short_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.counters._RULES", CircuitRules(open_seconds=3600))
    asked = 0

    async def mute(*_: object) -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(60)

    stuck = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = stuck.sockets[0].getsockname()[1]
    settings = GatewaySettings(redis_seconds=0.1)
    counters = Counters(open_redis(f"redis://127.0.0.1:{port}", settings))
    window, rule = SlidingWindow(counters), Rule("user", 1, 60)
    slow = time.monotonic()
    for _ in range(5):
        with pytest.raises(CountersUnavailableError):
            await window.take([rule], "ann")
    assert time.monotonic() - slow < 20  # five times 0.1 s, and not without end
    waited_for = asked
    for _ in range(50):
        with pytest.raises(CountersUnavailableError, match="failed a moment ago"):
            await window.take([rule], "ann")
    assert asked == waited_for
    await counters.close()
    stuck.close()

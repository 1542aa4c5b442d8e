"""Whatever is sent to a documented route, the gateway never fails and never answers off contract.

Requests are made from the gateway's own OpenAPI document, well-formed and malformed ones.
"""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from gateway_stack import gateway_stack, token
from hypothesis import HealthCheck, settings
from redis_server import RedisServer
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from gateway.app import create_app
from gateway.settings import GatewaySettings
from todo_shared.settings import ServiceSettings

DOCUMENT = create_app(ServiceSettings(), GatewaySettings()).openapi()
# A stream ends only with its reader; it has its own tests.
schema = schemathesis.openapi.from_dict(DOCUMENT).exclude(path_regex="/stream$")
SECURITY_HEADERS = ("x-correlation-id", "content-security-policy", "strict-transport-security")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway with identity and without the limits that fuzzing would only run into."""
    folder = tmp_path_factory.mktemp("gateway")
    redis = RedisServer(folder / "redis")
    redis.start()
    started, done = threading.Event(), asyncio.Event()
    found: list[str] = []
    loop = asyncio.new_event_loop()
    limits = (
        "rate_limit_per_minute",
        "auth_rate_limit_per_minute",
        "client_rate_limit_per_15_minutes",
        "login_failure_limit",
    )

    async def serve() -> None:
        async with gateway_stack(folder, redis.url, **dict.fromkeys(limits, 1_000_000)) as stack:
            found.append(stack.url)
            started.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(60)
    yield found[0]
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()
    redis.stop()


@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_the_gateway(case: schemathesis.Case, gateway: str) -> None:
    answer = case.call_and_validate(
        base_url=gateway,
        headers=token("ann", role="admin"),
        checks=[not_a_server_error, status_code_conformance, content_type_conformance],
    )
    for name in SECURITY_HEADERS:
        assert name in answer.headers
    if answer.status_code >= 400:
        assert answer.json()["error"]

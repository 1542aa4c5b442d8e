"""What every answer of the gateway carries, and whom it lets in."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from todo_shared.settings import ServiceSettings


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway without keys and without a sidecar."""
    settings = GatewaySettings(
        jwks_path=tmp_path / "none", cors_origins="https://todo.example, https://two.example"
    )
    app = create_app(ServiceSettings(sidecar_url="http://127.0.0.1:9"), settings)

    async def broken() -> None:
        raise RuntimeError("a bug")

    app.add_api_route("/broken", broken)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://t") as opened,
    ):
        yield opened


# What Helmet sends, and what its strictest choice is where there is one.
HELMET = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "origin-agent-cluster": "?1",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-dns-prefetch-control": "off",
    "x-download-options": "noopen",
    "x-frame-options": "DENY",
    "x-permitted-cross-domain-policies": "none",
    "x-xss-protection": "0",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/ready", 503),
        ("GET", "/metrics", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/api/v1/tasks", 401),
        ("PUT", "/api/v1/tasks", 405),
        ("POST", "/auth/login", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/broken", 500),
        ("OPTIONS", "/api/v1/tasks", 200),
    ],
)
async def test_security_headers_and_a_correlation_id_are_on_every_answer(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    asked = {
        "x-correlation-id": "request-1",
        "origin": "https://todo.example",
        "access-control-request-method": "POST",
    }
    answer = await client.request(method, path, headers=asked)
    assert answer.status_code == status
    assert HELMET.items() <= dict(answer.headers).items()
    assert answer.headers["x-correlation-id"] == "request-1"
    made = (await client.request(method, path)).headers["x-correlation-id"]
    assert made not in ("", "request-1")


async def test_the_documentation_page_may_load_its_script(client: httpx.AsyncClient) -> None:
    answer = await client.get("/docs")
    assert answer.status_code == 200
    assert "script-src" in answer.headers["content-security-policy"]


async def test_without_a_token_the_answer_says_what_is_needed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/tasks", json={"title": "x"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] == "unauthorized"


async def test_without_keys_the_gateway_is_alive_but_not_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).status_code == 200
    answer = await client.get("/ready")
    assert (answer.status_code, answer.json()["checks"]) == (503, {"sidecar": False, "keys": False})
    refused = await client.get("/api/v1/tasks", headers={"authorization": "Bearer x.y.z"})
    assert refused.status_code == 401


async def test_only_named_origins_may_call_from_a_page(client: httpx.AsyncClient) -> None:
    ask = {"access-control-request-method": "POST"}
    known = await client.options("/api/v1/tasks", headers={"origin": "https://todo.example", **ask})
    other = await client.options("/api/v1/tasks", headers={"origin": "https://evil.example", **ask})
    plain = await client.get("/nowhere", headers={"origin": "https://two.example"})
    assert known.headers["access-control-allow-origin"] == "https://todo.example"
    assert "access-control-allow-credentials" not in known.headers
    assert "retry-after" in plain.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in other.headers

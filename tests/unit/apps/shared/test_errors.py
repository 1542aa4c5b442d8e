"""Every error has the one documented shape."""

import httpx
from fastapi import APIRouter

from todo_shared.models import ErrorResponse
from todo_shared.service import create_service
from todo_shared.settings import ServiceSettings


async def _get(path: str, **headers: str) -> httpx.Response:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def nothing():
        yield

    async def fails() -> bool:
        return False

    app = create_service(
        "test",
        ServiceSettings(sidecar_url="http://x", enable_metrics=False),
        version="1",
        summary="s",
        lifespan=nothing,
        checks={"broken": fails},
    )
    routes = APIRouter()

    @routes.get("/boom")
    async def boom() -> None:
        raise ZeroDivisionError("secret detail")

    app.include_router(routes)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.get(path, headers=headers)


async def test_an_unknown_path_answers_in_the_shape() -> None:
    answer = await _get("/nowhere", **{"x-correlation-id": "request-1"})
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "Not Found",
        "code": "not_found",
        "correlation_id": "request-1",
    }
    assert answer.headers["x-correlation-id"] == "request-1"


async def test_an_unexpected_error_tells_nothing_of_its_inside() -> None:
    answer = await _get("/boom")
    body = ErrorResponse.model_validate(answer.json())
    assert (answer.status_code, body.error, body.code) == (500, "internal error", "internal")
    assert "secret" not in answer.text
    assert body.correlation_id == answer.headers["x-correlation-id"]


async def test_a_failing_check_makes_the_service_unready() -> None:
    answer = await _get("/ready")
    assert (answer.status_code, answer.json()["checks"]) == (503, {"broken": False})


async def test_metrics_can_be_switched_off() -> None:
    assert (await _get("/metrics")).status_code == 404

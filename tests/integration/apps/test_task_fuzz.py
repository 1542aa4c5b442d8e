"""Whatever is sent to a documented route, the service never fails and answers as documented.

Requests are made from the service's own OpenAPI document, well-formed and malformed ones.
"""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from postgres import PostgresServer
from recording_sidecar import RecordingSidecar
from running_app import running
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tasks.app import create_app
from todo_shared.settings import DatabaseSettings, ServiceSettings

NOWHERE = DatabaseSettings(database_url="postgresql://nobody@localhost/none")
DOCUMENT = create_app(ServiceSettings(), NOWHERE).openapi()
schema = schemathesis.openapi.from_dict(DOCUMENT)
HEADERS = {"x-user-id": "ann", "dapr-caller-app-id": "scheduler-service"}
# They answer 503 by design: nothing stands behind the sidecar here.
AWAY = ["/tasks/{task_id}/notify", "/chat"]


@pytest.fixture(scope="module")
def service(postgres: PostgresServer) -> Iterator[str]:
    """A tasks service in a thread of its own."""
    asyncio.run(postgres.execute("CREATE DATABASE tasks_fuzz TEMPLATE tasks_template"))
    started, done = threading.Event(), asyncio.Event()
    found: list[str] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with RecordingSidecar() as sidecar:
            app = create_app(
                ServiceSettings(sidecar_url=sidecar.url),
                DatabaseSettings(database_url=postgres.url("tasks_fuzz")),
            )
            async with running(app) as url:
                found.append(url)
                started.set()
                await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(60)
    yield found[0]
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


@schema.exclude(path=AWAY).parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_the_service(case: schemathesis.Case, service: str) -> None:
    answer = case.call_and_validate(
        base_url=service,
        headers=HEADERS,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )
    if answer.status_code >= 400:
        assert answer.json()["error"]

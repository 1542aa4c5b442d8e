"""Database users come and go; no request notices."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from lease_server import LeaseServer
from postgres import PostgresServer
from recording_sidecar import RecordingSidecar
from running_app import eventually, running

from tasks.app import create_app
from todo_shared.settings import DatabaseSettings, ServiceSettings

ANN = {"x-user-id": "ann"}


@pytest.fixture
async def leases(postgres: PostgresServer, tasks_url: str) -> AsyncIterator[LeaseServer]:
    """A lease server for a fresh tasks database that only its owner role may use."""
    name = tasks_url.rpartition("/")[2]
    owner = f"{name}_owner"
    await postgres.execute(f"CREATE ROLE {owner} NOLOGIN")
    await postgres.execute(f"ALTER DATABASE {name} OWNER TO {owner}")
    # As in the cluster, where the migrations run as the owner.
    await postgres.execute(
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables"
        " WHERE schemaname = 'public' LOOP EXECUTE format('ALTER TABLE %I OWNER TO "
        f"{owner}', t); END LOOP; END $$",
        name,
    )
    async with LeaseServer(postgres, name, owner) as server:
        yield server


Serve = Callable[[], AbstractAsyncContextManager[str]]


@pytest.fixture
def serve(
    leases: LeaseServer, settings: ServiceSettings, tmp_path: Path, postgres: PostgresServer
) -> Serve:
    """Runs the tasks service with leased users."""
    token = tmp_path / "token"
    token.write_text("projected-token\n")
    database = DatabaseSettings(
        database_host="127.0.0.1",
        database_port=postgres.port,
        database_name=leases.database,
        vault_addr=leases.url,
        vault_role="tasks-dev",
        vault_token_path=token,
    )

    @asynccontextmanager
    async def start() -> AsyncIterator[str]:
        async with running(create_app(settings, database)) as url:
            yield url

    return start


async def test_no_request_fails_while_users_change_under_load(
    serve: Serve, leases: LeaseServer, sidecar: RecordingSidecar
) -> None:
    leases.seconds = 1
    statuses: list[int] = []

    async def load(client: httpx.AsyncClient) -> None:
        while len(leases.revoked) < 3:
            statuses.append((await client.post("/tasks", json={"title": "x"})).status_code)

    async with serve() as url, httpx.AsyncClient(base_url=url, headers=ANN) as client:
        await asyncio.gather(*(load(client) for _ in range(4)))
        await eventually(lambda: len({e["id"] for e in sidecar.events}) == len(statuses))
    assert set(statuses) == {201}
    assert len(leases.users) >= 4
    first_seen = list(dict.fromkeys(event["seq"] for event in sidecar.events))
    assert first_seen == sorted(first_seen)


async def test_stopping_gives_the_last_user_back(serve: Serve, leases: LeaseServer) -> None:
    async with serve():
        assert len(leases.users) == 1
    assert leases.revoked == leases.users


async def test_a_revoked_user_is_replaced_at_once(serve: Serve, leases: LeaseServer) -> None:
    async with serve() as url, httpx.AsyncClient(base_url=url, headers=ANN) as client:
        await leases.revoke(leases.users[0])

        async def created() -> bool:
            return (await client.post("/tasks", json={"title": "x"})).status_code == 201

        await eventually(created)
        assert len(leases.users) == 2


async def test_while_no_new_user_can_be_had_the_present_one_is_renewed(
    serve: Serve, leases: LeaseServer
) -> None:
    leases.seconds = 1
    async with serve() as url, httpx.AsyncClient(base_url=url, headers=ANN) as client:
        leases.healthy = False
        await eventually(lambda: leases.renewed >= 2)
        assert (await client.post("/tasks", json={"title": "x"})).status_code == 201
        present = len(leases.users)
        leases.healthy = True
        await eventually(lambda: len(leases.users) > present)


async def test_a_service_without_its_vault_is_alive_but_not_ready(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    database = DatabaseSettings(
        vault_addr="http://127.0.0.1:9", vault_role="r", vault_token_path=tmp_path / "none"
    )
    app = create_app(settings, database)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        alive = await client.get("/health")
        ready = await client.get("/ready")
        answer = await client.post("/tasks", json={"title": "x"}, headers=ANN)
    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, False)
    assert answer.status_code == 503
    assert answer.json()["error"] == "the database is not available"

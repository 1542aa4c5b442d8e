"""Schemas go forward and back, and end up as the models say."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres import PostgresServer
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

import notifications.models.tables
import scheduler.models.tables
import tasks.models.tables
from todo_shared.credentials import StaticCredentials
from todo_shared.migrations import main, migrate

SERVICES = {
    "tasks": tasks.models.tables.METADATA,
    "notifications": notifications.models.tables.METADATA,
    "scheduler": scheduler.models.tables.METADATA,
}


async def _tables(server: PostgresServer, database: str) -> set[str]:
    rows = await server.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database
    )
    return {row["tablename"] for row in rows} - {"alembic_version"}


@pytest.mark.parametrize("package", SERVICES)
async def test_migrations_go_forward_back_and_forward(
    postgres: PostgresServer, package: str
) -> None:
    database = f"{package}_there_and_back"
    await postgres.execute(f"CREATE DATABASE {database}")
    login = await StaticCredentials(postgres.url(database)).take()
    await migrate(login, package, "up", "head")
    assert await _tables(postgres, database) == set(SERVICES[package].tables)
    await migrate(login, package, "down", "base")
    assert await _tables(postgres, database) == set()
    await migrate(login, package, "up", "head")
    assert await _tables(postgres, database) == set(SERVICES[package].tables)


@pytest.mark.parametrize("package", SERVICES)
async def test_the_migrated_schema_is_what_the_models_declare(
    postgres: PostgresServer, package: str
) -> None:
    def differences(connection: Connection, metadata: MetaData) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    url = postgres.url(f"{package}_template").replace("postgresql", "postgresql+asyncpg")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences, SERVICES[package])
    await engine.dispose()
    assert found == []


async def test_two_jobs_at_once_migrate_once(postgres: PostgresServer) -> None:
    await postgres.execute("CREATE DATABASE tasks_twice")
    login = await StaticCredentials(postgres.url("tasks_twice")).take()
    await asyncio.gather(*(migrate(login, "tasks", "up", "head") for _ in range(3)))
    assert "tasks" in await _tables(postgres, "tasks_twice")


def test_the_job_reads_its_settings_from_the_environment(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(postgres.execute("CREATE DATABASE tasks_job"))
    monkeypatch.setenv("DATABASE_URL", postgres.url("tasks_job"))
    assert main("tasks", []) == 0
    assert main("tasks", ["down", "base"]) == 0
    assert main("tasks", ["up", "no-such-revision"]) == 1
    with pytest.raises(SystemExit, match="usage"):
        main("tasks", ["sideways"])
    assert "the schema of tasks is at head" in capfd.readouterr().out

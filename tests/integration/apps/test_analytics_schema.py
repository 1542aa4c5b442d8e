"""Both schemas of projections are made, and unmade, as the models say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres import PostgresServer
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from analytics.models.histogram import BOUNDS
from analytics.models.tables import METADATA, PROJECTIONS
from todo_shared.credentials import StaticCredentials
from todo_shared.migrations import migrate

EVERYTHING = {
    *METADATA.tables,
    *(table.fullname for each in PROJECTIONS.values() for table in each.sorted_tables),
}


async def _tables(server: PostgresServer, database: str) -> set[str]:
    found = await server.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname ~ '^(public|projection)'",
        database,
    )
    names = {f"{row['schemaname']}.{row['tablename']}".removeprefix("public.") for row in found}
    return names - {"alembic_version"}


async def test_the_schemas_go_forward_back_and_forward(postgres: PostgresServer) -> None:
    await postgres.execute("CREATE DATABASE analytics_there_and_back")
    login = await StaticCredentials(postgres.url("analytics_there_and_back")).take()
    for direction, revision, expected in (
        ("up", "head", EVERYTHING),
        ("down", "base", set[str]()),
        ("up", "head", EVERYTHING),
    ):
        await migrate(login, "analytics", direction, revision)
        assert await _tables(postgres, "analytics_there_and_back") == expected


@pytest.mark.parametrize("metadata", [METADATA, *PROJECTIONS.values()])
async def test_the_migrated_schemas_are_what_the_models_declare(
    postgres: PostgresServer, metadata: MetaData
) -> None:
    def differences(connection: Connection) -> list[object]:
        def wanted(name: str | None, kind: str, _: object) -> bool:
            return kind != "schema" or name == metadata.schema

        options = {"compare_type": True, "include_schemas": True, "include_name": wanted}
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        )

    url = postgres.url("analytics_template").replace("postgresql", "postgresql+asyncpg")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []


async def test_the_column_has_the_bounds_of_the_report(postgres: PostgresServer) -> None:
    found = await postgres.execute(
        "SELECT generation_expression AS how FROM information_schema.columns"
        " WHERE column_name = 'completion_bucket'",
        "analytics_template",
    )
    assert len(found) == 2
    for row in found:
        assert "{" + ",".join(map(str, BOUNDS)) + "}" in row["how"]

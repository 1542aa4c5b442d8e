"""Who may speak to the database and the broker: repositories and wrappers, and nobody else."""

import ast
from collections.abc import Iterator
from pathlib import Path

APPS = Path(__file__).parents[2] / "apps"
DRIVERS = {"asyncpg", "sqlalchemy", "sqlmodel", "confluent_kafka", "alembic"}
SHARED_WRAPPERS = {
    "database.py",
    "dead_letters/log.py",
    "dead_letters/replay.py",
    "failures.py",
    "inbox.py",
    "listening.py",
    "migrations.py",
    "ordering.py",
    "outbox.py",
    "topic_reader.py",
    "topics.py",
}


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _modules(package: str) -> Iterator[Path]:
    return (path for path in (APPS / package).rglob("*.py") if "tests" not in path.parts)


def _users_of_drivers(package: str) -> set[str]:
    return {
        str(path.relative_to(APPS / package)).partition("/")[2]
        for path in _modules(package)
        if _imported(path) & DRIVERS
    }


def test_in_the_shared_package_only_the_wrappers_know_a_driver() -> None:
    assert _users_of_drivers("shared") == SHARED_WRAPPERS


def test_the_gateway_knows_no_database_and_no_broker() -> None:
    assert _users_of_drivers("gateway") == set()


def test_in_a_service_only_repositories_tables_and_migrations_know_the_database() -> None:
    for service in ("tasks", "scheduler", "notifications", "analytics"):
        found = {n for n in _users_of_drivers(service) if not n.startswith("migrations/")}
        # The way of rows into the state store concerns two stores and nothing else.
        stores = ("repository/", "read_copy/")
        others = {name for name in found if not name.startswith(stores)}
        assert others == {"models/tables.py"}, service


def test_no_service_calls_another_by_an_address_of_its_own() -> None:
    clients = {"aiohttp", "httpx", "requests", "urllib3"}
    for service in ("gateway", "tasks", "notifications", "scheduler", "analytics"):
        for path in _modules(service):
            assert not _imported(path) & clients, path

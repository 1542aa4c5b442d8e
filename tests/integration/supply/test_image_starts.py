"""What only a start can show: the programs of an image run in it, without the host's files."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from image_root import ImageRoot, unpack_image
from ports import free_port

from ballast.components.database import ALONE
from ballast.supply.images import ensure_images

PASSWORD = "correct horse"


def image(name: str, root: Path) -> ImageRoot:
    return unpack_image(ensure_images([name])[name], root)


@pytest.fixture
def postgres(tmp_path: Path) -> ImageRoot:
    root = image("postgres", tmp_path / "root")
    (root.root / "docker-entrypoint-initdb.d" / "10-t.sql").write_text("CREATE TABLE t (i int);")
    return root


@contextmanager
def serving(postgres: ImageRoot, log: Path, *words: str) -> Iterator[int]:
    port = free_port()
    options = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1"]
    process = postgres.start(log, *words, *options, POSTGRES_DB="app", POSTGRES_PASSWORD=PASSWORD)
    try:
        deadline = time.monotonic() + 120
        ask = postgres.command("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port))
        while subprocess.run(ask, env=postgres.environment, check=False).returncode:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


def eventually_says(log: Path, words: str) -> None:
    deadline = time.monotonic() + 60
    while words not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def psql(postgres: ImageRoot, port: int, sql: str, password: str = PASSWORD) -> str:
    where = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", "app", "-At", "-c", sql]
    return postgres.run("psql", *where, PGPASSWORD=password).strip()


def test_busybox_has_the_programs_that_charts_call(tmp_path: Path) -> None:
    root = image("busybox", tmp_path / "root")

    assert root.run("sh", "-c", "echo a.b | cut -d. -f2 | sed s/b/c/") == "c\n"


def test_python_finds_its_library_and_the_agents(tmp_path: Path) -> None:
    root = image("platform-agents", tmp_path / "root")
    program = "import ssl, sqlite3, sys; sys.path.insert(0, '/agents'); import vault_custodian as v"

    told = root.run("python3", "-c", f"{program}; print(v.__file__)")

    assert told == "/agents/vault_custodian.py\n"


def test_an_empty_server_gets_its_database_and_scripts(postgres: ImageRoot, tmp_path: Path) -> None:
    with serving(postgres, tmp_path / "log") as port:
        assert psql(postgres, port, "SELECT count(*) FROM t") == "0"


def test_a_wrong_password_is_refused(postgres: ImageRoot, tmp_path: Path) -> None:
    with (
        serving(postgres, tmp_path / "log") as port,
        pytest.raises(subprocess.CalledProcessError),
    ):
        psql(postgres, port, "SELECT 1", password="wrong")


def test_data_outlives_a_restart(postgres: ImageRoot, tmp_path: Path) -> None:
    with serving(postgres, tmp_path / "log") as port:
        psql(postgres, port, "INSERT INTO t VALUES (7)")

    with serving(postgres, tmp_path / "log") as port:
        assert psql(postgres, port, "SELECT i FROM t") == "7"


def test_a_second_server_waits_until_the_first_and_all_its_processes_have_ended(
    postgres: ImageRoot, tmp_path: Path
) -> None:
    """As the platform starts it, twice on one volume, like a pod that is deleted without grace."""
    postgres.entrypoint = list(ALONE)
    postgres.environment["PGDATA"] = "/var/lib/postgresql/data/pgdata"
    with serving(postgres, tmp_path / "log", "postgres") as port:
        psql(postgres, port, "INSERT INTO t VALUES (7)")
        options = ["-c", f"port={free_port()}", "-c", "listen_addresses=127.0.0.1"]
        second = postgres.start(tmp_path / "second", "postgres", *options)
        time.sleep(2)
        assert (tmp_path / "second").read_text() == ""
        assert psql(postgres, port, "SELECT i FROM t") == "7"
    try:
        eventually_says(tmp_path / "second", "ready to accept connections")
    finally:
        second.terminate()
        second.wait()


def test_a_first_start_that_was_cut_off_is_begun_anew(postgres: ImageRoot, tmp_path: Path) -> None:
    data = postgres.root / "var/lib/postgresql/data"
    (data / ".fresh" / "base").mkdir(parents=True)
    (data / ".fresh" / "PG_VERSION").write_text("15\n")
    (data / "global").mkdir()

    with serving(postgres, tmp_path / "log") as port:
        assert psql(postgres, port, "SELECT count(*) FROM t") == "0"
    assert not (data / ".fresh").exists()


def test_an_empty_server_without_password_says_what_it_needs(postgres: ImageRoot) -> None:
    command = postgres.command(*postgres.entrypoint)
    done = subprocess.run(
        command, env=postgres.environment, check=False, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "needs POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD" in done.stderr

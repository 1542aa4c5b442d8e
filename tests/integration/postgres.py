"""A real PostgreSQL 15 on 127.0.0.1, from the programs that the platform itself runs."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from ports import free_port

from ballast.supply.host_root import ensure_host_root

START_SECONDS = 120


def _command(program: Path, *arguments: str) -> list[str]:
    # The server refuses to run as root; in a user namespace of its own root is user 1000.
    mapped = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    # A test run that is killed must not leave a server behind.
    mortal = ["setpriv", "--pdeathsig", "INT", str(program)]
    return [*(mapped if os.geteuid() == 0 else []), *mortal, *arguments]


@dataclass
class PostgresServer:
    """One server with its data in `folder`; `start` may follow `stop` and finds the same data.

    Only with `fsync` on does a commit outlive the machine, and take the time that this takes.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    fsync: str = "off"
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.programs = ensure_host_root("postgres") / "bin"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "postgres.log"

    def start(self) -> None:
        """Make the data when there is none, start, and wait until connections are accepted."""
        data = self.folder / "data"
        if not data.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                _command(
                    self.programs / "initdb",
                    *("-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"),
                    *("-E", "UTF8", "--locale=C.UTF-8"),
                ),
                check=True,
                capture_output=True,
            )
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": self.fsync,
            "max_connections": "100",
            "shared_buffers": "32MB",
        }
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                _command(self.programs / "postgres", "-D", str(data), *settings),
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            answer = subprocess.run(
                [
                    str(self.programs / "pg_isready"),
                    *("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-q"),
                ],
                check=False,
            )
            if answer.returncode == 0:
                return
            time.sleep(0.05)
        raise TimeoutError(f"PostgreSQL did not start:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """Stop now, dropping connections."""
        if self.process is not None:
            self.process.send_signal(2)
            self.process.wait(START_SECONDS)
            self.process = None

    def kill(self) -> None:
        """End it without a chance to clean up."""
        if self.process is not None:
            self.process.send_signal(3)
            self.process.wait(START_SECONDS)
            self.process = None

    def remove(self) -> None:
        """Stop and delete the data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, user: str = "postgres", password: str = "x") -> str:
        """How to reach `database`."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    async def execute(self, statement: str, database: str = "postgres") -> list[asyncpg.Record]:
        """Run one statement as superuser and return its rows."""
        connection = await asyncpg.connect(self.url(database))
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

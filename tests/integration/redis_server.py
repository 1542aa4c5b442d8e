"""A real Redis on 127.0.0.1, from the programs that the platform itself runs."""

import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from ports import free_port

from ballast.supply.host_root import ensure_host_root

START_SECONDS = 120


@dataclass
class RedisServer:
    """One server that keeps nothing, with a password or TLS when these are set."""

    folder: Path
    port: int = field(default_factory=free_port)
    password: str = ""
    certificate: Path | None = None
    key: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.programs = ensure_host_root("redis") / "bin"

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"redis{'s' if self.certificate else ''}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [
            # A test run that is killed must not leave a server behind.
            *("setpriv", "--pdeathsig", "KILL", str(self.programs / "redis-server")),
            *("--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)),
        ]
        if self.certificate:
            command += ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
            command += ["--tls-cert-file", str(self.certificate), "--tls-key-file", str(self.key)]
        else:
            command += ["--port", str(self.port)]
        if self.password:
            command += ["--requirepass", self.password]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.command("PING") == "PONG":
                return
            time.sleep(0.02)
        raise TimeoutError((self.folder / "redis.log").read_text()[-2000:])

    def command(self, *words: str) -> str:
        """What the server answers to one command."""
        secret = ["--tls", "--insecure"] if self.certificate else []
        secret += ["-a", self.password, "--no-auth-warning"] if self.password else []
        done = subprocess.run(
            [str(self.programs / "redis-cli"), "-p", str(self.port), *secret, *words],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    def stop(self) -> None:
        """End it; what it counted is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

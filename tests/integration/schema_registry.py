"""A real schema registry on 127.0.0.1, from the archive and the Java runtime of the platform."""

import os
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from ports import free_port

from ballast.supply.lock import load_lock
from ballast.supply.maven import ensure_jars
from ballast.supply.toolchain import ensure_jdk

START_SECONDS = 180
# A test run that is killed must not leave a registry behind.
DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"]
OPTIONS = [
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx384m"),
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
]


@dataclass
class ApicurioServer:
    """One registry that keeps its schemas in memory."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The part of its API that speaks Confluent's dialect."""
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def start(self) -> None:
        """Unpack, start, and wait for an answer."""
        lock = load_lock()
        assert lock.maven is not None
        (archive,) = ensure_jars(lock.maven.closure["apicurio"], print)
        home = self.folder / "apicurio"
        if not home.exists():
            with tarfile.open(archive.path) as opened:
                opened.extractall(home, filter="data")
        with (self.folder / "apicurio.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(*DIES_WITH_US, str(ensure_jdk() / "bin" / "java"), *OPTIONS),
                    *("-jar", "quarkus-run.jar"),
                ],
                cwd=home,
                stdout=log,
                stderr=log,
                env=os.environ
                | {"QUARKUS_HTTP_PORT": str(self.port), "QUARKUS_HTTP_HOST": "127.0.0.1"},
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._running():
            try:
                with urllib.request.urlopen(f"{self.url}/subjects", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise TimeoutError((self.folder / "apicurio.log").read_text()[-3000:])

    def _running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """End the registry."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

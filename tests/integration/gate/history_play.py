"""The gate's independent client as a process, played against a test server for some operations."""

import subprocess
import time
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ballast.gate.history.operations import Operation, read_history
from ballast.gate.history.run import HistoryRun
from ballast.gate.tokens import Identity

PEM = (
    Ed25519PrivateKey.generate()
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    .decode()
)
INTERVAL = 0.4


def run_of(folder: Path, url: str, name: str = "r1") -> HistoryRun:
    return HistoryRun(name, folder, url, 7, Identity(PEM, "k1"), INTERVAL)


def wait_for_rows(run: HistoryRun, rows: int, client: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 240
    while not run.history.exists() or run.history.read_bytes().count(b"\n") <= rows:
        assert client.poll() is None, (run.folder / "client.log").read_text()
        assert time.monotonic() < deadline, "the client writes too little"
        time.sleep(0.05)


def play(run: HistoryRun, rows: int = 100) -> list[Operation]:
    """Let the client write so many rows and come to its end."""
    client = run.start()
    try:
        wait_for_rows(run, rows, client)
        run.finish(client)
    finally:
        client.kill()
    assert client.wait() == 0, (run.folder / "client.log").read_text()
    return read_history(run.history).operations

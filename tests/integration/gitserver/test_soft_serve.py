"""The Git server of the cluster, run here: tokens over SSH, pushes over HTTP, anonymous reading."""

import base64
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from ports import free_port

from ballast.errors import BallastError
from ballast.gitserver import GitServer, SoftServeAccess


class Secrets:
    """The Secrets of namespace git, as the cluster's API would keep them."""

    def __init__(self, **values: dict[str, str]) -> None:
        self.data = {name.replace("_", "-"): value for name, value in values.items()}

    def get(self, _version: str, _kind: str, name: str, _namespace: str) -> dict[str, Any] | None:
        found = self.data.get(name)
        if found is None:
            return None
        return {"data": {k: base64.b64encode(v.encode()).decode() for k, v in found.items()}}

    def apply(self, obj: Mapping[str, Any], _manager: str) -> None:
        self.data[obj["metadata"]["name"]] = dict(obj["stringData"])


def soft_binary() -> Path:
    named = os.environ.get("BALLAST_SOFT")
    if named:
        return Path(named)
    from ballast.supply.build import ensure_binaries

    return ensure_binaries(["soft"])["soft"]


class Running:
    """A soft-serve with its own data, keys and ports."""

    def __init__(self, folder: Path) -> None:
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.secrets = Secrets(git_admin={"id_ed25519": key.export_private_key().decode()})
        self.ssh, self.http = free_port(), free_port()
        settings = {
            "SOFT_SERVE_DATA_PATH": str(folder / "data"),
            "SOFT_SERVE_INITIAL_ADMIN_KEYS": key.export_public_key().decode().strip(),
            "SOFT_SERVE_SSH_LISTEN_ADDR": f"127.0.0.1:{self.ssh}",
            "SOFT_SERVE_HTTP_LISTEN_ADDR": f"127.0.0.1:{self.http}",
            "SOFT_SERVE_HTTP_PUBLIC_URL": f"http://127.0.0.1:{self.http}",
            "SOFT_SERVE_STATS_ENABLED": "false",
            "SOFT_SERVE_GIT_ENABLED": "false",
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
        }
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [str(soft_binary()), "serve"], env=settings, stdout=self.log, stderr=self.log
        )
        self._await(folder)

    def _await(self, folder: Path) -> None:
        for _ in range(1200):
            if self.process.poll() is not None:
                break
            try:
                for port in (self.ssh, self.http):
                    socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.1)
                continue
            return
        raise AssertionError((folder / "log").read_text()[-2000:])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}/ballast.git"

    def access(self) -> SoftServeAccess:
        return SoftServeAccess(self.secrets, self.ssh)  # pyright: ignore[reportArgumentType]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


@pytest.fixture(scope="module")
def soft(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("soft"))
    yield running
    running.stop()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "README.md").write_text("one\n")
    for command in (
        ["init", "-q", "-b", "work"],
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "first"],
    ):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder


def test_a_fresh_server_is_seeded_read_and_extended(
    soft: Running, checkout: Path, tmp_path: Path
) -> None:
    server = GitServer(url=soft.url, access=soft.access(), folder=tmp_path / "state")

    first = server.seed(checkout)
    second = server.commit_files("promote", {"gitops/evidence/one.json": "{}\n"})

    assert server.seed(checkout) == second != first
    assert server.read_file("README.md") == "one\n"
    server.revert(second)
    assert server.list_files("gitops") == []


def test_the_token_is_made_once_and_kept_in_the_cluster(soft: Running) -> None:
    token = soft.access().token()

    assert token == soft.access().token()
    assert soft.secrets.data["git-token"] == {"token": token}


def test_a_forgotten_token_is_replaced(soft: Running, checkout: Path, tmp_path: Path) -> None:
    server = GitServer(url=soft.url, access=soft.access(), folder=tmp_path / "state")
    server.seed(checkout)
    soft.secrets.data["git-token"] = {"token": "ss_" + "0" * 40}

    server.commit_files("after", {"after.txt": f"{tmp_path}\n"})

    assert server.read_file("after.txt") == f"{tmp_path}\n"


def test_a_push_without_a_token_is_refused_and_reading_is_not(
    soft: Running, checkout: Path, tmp_path: Path
) -> None:
    GitServer(url=soft.url, access=soft.access(), folder=tmp_path / "state").seed(checkout)
    plain = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0"}
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", soft.url, str(clone)], env=plain, check=True)

    pushed = subprocess.run(
        ["git", "-C", str(clone), "push", "-q", "origin", "HEAD:refs/heads/other"],
        env=plain,
        capture_output=True,
        check=False,
    )

    assert pushed.returncode != 0


def test_a_server_that_is_away_is_said_with_its_port(soft: Running) -> None:
    port = free_port()
    secrets = Secrets(git_admin=soft.secrets.data["git-admin"])
    access = SoftServeAccess(secrets, port)  # pyright: ignore[reportArgumentType]

    with pytest.raises(BallastError, match=rf"does not answer on 127\.0\.0\.1:{port}"):
        access.token()

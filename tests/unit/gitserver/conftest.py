"""A real Git server over HTTP: git's own http-backend behind a check of the push token."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ballast.gitserver import GitServer

BACKEND = Path(subprocess.check_output(["git", "--exec-path"], text=True).strip())


class Server(ThreadingHTTPServer):
    """Serves bare repositories of a folder; pushes need the token."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.valid = "first-token"
        self.pushes = 0
        self.refuse_pushes = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _authorised(self) -> bool:
        header = self.headers.get("Authorization", "")
        if not header.startswith("Basic "):
            return False
        return base64.b64decode(header[6:]).decode().endswith(f":{self.server.valid}")

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        push = "git-receive-pack" in self.path
        if (push or self.headers.get("Authorization")) and not self._authorised():
            code = 403 if self.headers.get("Authorization") else 401
            self.send_response(code)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if push and self.command == "POST":
            self.server.pushes += 1
            if self.server.refuse_pushes:
                self.server.refuse_pushes -= 1
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        done = subprocess.run(
            [str(BACKEND / "git-http-backend")],
            input=body,
            capture_output=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.server.folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "REMOTE_USER": "ballast",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            },
            check=True,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((value for name, value in headers if name == "Status"), "200 OK")
        self.send_response(int(status.split()[0]))
        for name, value in headers:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = _serve  # noqa: N815 - the names that http.server calls
    do_POST = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are not the test's output."""


class Access:
    """A token source whose first token may be stale."""

    def __init__(self, server: Server, first: str) -> None:
        self.server = server
        self.current = first
        self.renewed = 0

    def token(self, *, renew: bool = False) -> str:
        if renew:
            self.renewed += 1
            self.current = self.server.valid
        return self.current

    def ensure_repository(self) -> None:
        target = self.server.folder / "ballast.git"
        if not target.exists():
            subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(target)], check=True)


def run_git(folder: Path, *arguments: str) -> str:
    """A git command of the test's own, with an identity and no user settings."""
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    return subprocess.check_output(
        ["git", *identity, "-C", str(folder), *arguments], text=True, stderr=subprocess.STDOUT
    ).strip()


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def git_http(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    server = Server(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def access(git_http: Server) -> Access:
    return Access(git_http, "first-token")


@pytest.fixture
def git_server(git_http: Server, access: Access, tmp_path: Path) -> GitServer:
    url = f"http://127.0.0.1:{git_http.server_address[1]}/ballast.git"
    return GitServer(url=url, access=access, folder=tmp_path / "state")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    run_git(folder, "init", "-q", "-b", "work")
    write(
        folder,
        {
            "README.md": "one\n",
            "gitops/environments/dev/values.yaml": "a: 1\n",
            "gitops/charts/common/Chart.yaml": "name: common\n",
        },
    )
    (folder / "gitops/charts/link").symlink_to("common")
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-qm", "first")
    return folder

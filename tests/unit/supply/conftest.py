"""A Go module of our own behind a file proxy: real builds that need no network."""

import base64
import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ballast.paths import cache_dir
from ballast.supply.lock import Lock, load_lock

MODULE = "example.test/tiny"
VERSION = "v1.2.3"
SOURCES = {
    "go.mod": f"module {MODULE}\n\ngo 1.21\n",
    "cmd/hello/main.go": (
        'package main\n\nvar greeting = "unset"\n\nfunc main() { println(greeting) }\n'
    ),
}


@dataclass(frozen=True)
class TinyModule:
    """The proxy's address, the lines go.sum needs, and the zip that the proxy serves."""

    proxy: str
    sums: str
    archive: Path

    def lock(self, sha256: str | None) -> Lock:
        program = {"name": "hello", "package": "cmd/hello", "sha256": sha256}
        component = {
            "component": "tiny",
            "module": MODULE,
            "version": VERSION,
            "variables": {"main.greeting": "hello"},
            "program": [program],
        }
        return Lock.model_validate(
            {"toolchain": load_lock().model_dump()["toolchain"], "binary": [component]}
        )

    def trust(self, cache: Path) -> None:
        """Vouch for the module in a cache's wrapper: it is in no checksum database."""
        wrapper = cache / "wrapper" / "tiny"
        wrapper.mkdir(parents=True, exist_ok=True)
        (wrapper / "go.sum").write_text(self.sums)


def h1(files: dict[str, bytes]) -> str:
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


@pytest.fixture
def tiny(tmp_path: Path) -> TinyModule:
    folder = tmp_path / "proxy" / MODULE / "@v"
    folder.mkdir(parents=True)
    files = {f"{MODULE}@{VERSION}/{name}": text.encode() for name, text in SOURCES.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    (folder / f"{VERSION}.zip").write_bytes(buffer.getvalue())
    (folder / f"{VERSION}.mod").write_text(SOURCES["go.mod"])
    (folder / f"{VERSION}.info").write_text(f'{{"Version": "{VERSION}"}}')
    (folder / "list").write_text(f"{VERSION}\n")
    sums = (
        f"{MODULE} {VERSION} {h1(files)}\n"
        f"{MODULE} {VERSION}/go.mod {h1({'go.mod': SOURCES['go.mod'].encode()})}\n"
    )
    return TinyModule((tmp_path / "proxy").as_uri(), sums, folder / f"{VERSION}.zip")


@pytest.fixture(scope="session")
def goroot() -> Path:
    from ballast.supply.toolchain import ensure_go

    return ensure_go()


@pytest.fixture
def own_cache(tmp_path: Path, goroot: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test alone, that borrows only the unpacked Go toolchain."""
    folder = tmp_path / "cache"
    (folder / "tools").mkdir(parents=True)
    installed = next(p for p in goroot.parents if p.parent == cache_dir() / "tools")
    (folder / "tools" / installed.name).symlink_to(installed)
    monkeypatch.setenv("BALLAST_CACHE", str(folder))
    monkeypatch.delenv("BALLAST_BINARY_CACHE", raising=False)
    return folder


@dataclass(frozen=True)
class WebFolder:
    address: str
    folder: Path


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebFolder]:
    """A real HTTP server on 127.0.0.1 over a folder."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, directory=str(folder), **kwargs)  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            """Tests read their own output."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield WebFolder(f"http://127.0.0.1:{server.server_port}", folder)
    server.shutdown()
    server.server_close()
    thread.join()

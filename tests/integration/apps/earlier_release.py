"""The code of a service from before its newest schema, out of Git, run as its own process."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from ports import free_port

from ballast.paths import repository_root

APPS = repository_root() / "apps"


def services() -> dict[str, list[Path]]:
    """The steps of each service's schema in their order, by package."""
    found = sorted(APPS.glob("*/*/migrations/versions/[0-9]*.py"))
    packages = sorted({path.parts[-4] for path in found})
    return {name: [path for path in found if path.parts[-4] == name] for name in packages}


def earlier_commit(package: str) -> str:
    """The commit before the one that brought the newest step; HEAD while that is not committed."""
    newest = str(services()[package][-1].relative_to(repository_root()))
    added = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", newest).strip()
    return f"{added}^" if added else "HEAD"


def earlier_release(package: str, folder: Path) -> Path:
    """A folder with the earlier code of a service and of what it shares."""
    if _git("rev-parse", "--is-shallow-repository").strip() == "true":
        pytest.skip("a shallow clone has no earlier release: git fetch --unshallow")
    service = services()[package][0].parts[len(APPS.parts)]
    paths = [f"apps/{service}/{package}", "apps/shared/todo_shared"]
    packed = subprocess.run(
        ["git", "archive", earlier_commit(package), *paths],
        cwd=repository_root(), check=True, capture_output=True,
    ).stdout  # fmt: skip
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)
    return folder


def newest_revision(release: Path, package: str) -> str:
    """The newest schema that a release knows."""
    steps = release.glob(f"apps/*/{package}/migrations/versions/[0-9]*.py")
    return max(path.name[:4] for path in steps)


@asynccontextmanager
async def running_earlier(
    release: Path, package: str, **environment: str
) -> AsyncIterator[httpx.AsyncClient]:
    """The earlier service until the block ends; a client of it once it is ready."""
    port = free_port()
    code = _places(release)
    await _check_origin(release, package, code)
    settings = {"PYTHONPATH": code, "HOST": "127.0.0.1", "PORT": str(port)} | environment
    log = release / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", package),
            env=os.environ | settings,
            cwd=release,
            stdout=output,
            stderr=output,
        )
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"x-user-id": "ann"}
        ) as client:
            for _ in range(1200):
                assert process.returncode is None, log.read_text()
                try:
                    if (await client.get("/ready")).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
            else:
                raise AssertionError(f"it did not become ready: {log.read_text()}")
            yield client
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _check_origin(release: Path, package: str, code: str) -> None:
    """Fail when the checkout's own code would run in place of the earlier one."""
    say = f"import {package}, todo_shared; print({package}.__file__, todo_shared.__file__)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", say),
        env=os.environ | {"PYTHONPATH": code},
        cwd=release,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert all(path.startswith(str(release)) for path in out.decode().split()), out


def _places(release: Path) -> str:
    """What stands before all else on the path of the earlier service."""
    packages = release.glob("apps/*/*/__init__.py")
    return os.pathsep.join(str(path.parents[1]) for path in packages)


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=repository_root(), check=True, capture_output=True, text=True
    )
    return done.stdout

"""Java archives by coordinate and SHA-256, resolved and downloaded through jgo."""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ballast.errors import BallastError
from ballast.paths import cache_dir
from ballast.supply.image_spec import MavenSet
from ballast.supply.store import file_sha256

Report = Callable[[str], None]
DOWNLOADS_AT_ONCE = 6


class MavenError(BallastError):
    """A Java archive is not to be had, or is not the locked one."""


@dataclass(frozen=True)
class Coordinate:
    """Names one archive in a Maven repository."""

    group: str
    artifact: str
    version: str
    packaging: str = "jar"
    classifier: str = ""

    @classmethod
    def parse(cls, text: str) -> "Coordinate":
        """Read group:artifact:version[:packaging[:classifier]]. Raises MavenError otherwise."""
        parts = text.split(":")
        if not 3 <= len(parts) <= 5 or not all(parts):
            raise MavenError(
                f"{text!r} is no Maven coordinate",
                "write group:artifact:version, then optionally :packaging:classifier",
            )
        return cls(*parts)

    def __str__(self) -> str:
        short = f"{self.group}:{self.artifact}:{self.version}"
        if self.packaging == "jar" and not self.classifier:
            return short
        return f"{short}:{self.packaging}:{self.classifier}".rstrip(":")

    @property
    def file(self) -> str:
        """The file's name in a repository."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{suffix}.{self.packaging}"


@dataclass(frozen=True)
class Jar:
    """A verified archive on disk."""

    coordinate: Coordinate
    sha256: str
    path: Path


def ensure_jars(closure: dict[str, str], report: Report, root: Path | None = None) -> list[Jar]:
    """Every archive of a locked closure on disk, in the closure's order.

    Raises MavenError when a download fails or its digest is not the locked one.
    """
    root = root or cache_dir() / "maven"
    jars = [_jar(root, Coordinate.parse(text), digest) for text, digest in closure.items()]
    missing = [jar for jar in jars if not jar.path.is_file()]
    if missing:
        report(f"downloading {len(missing)} Java archives")
        with _scratch(root) as scratch, ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            for done in [pool.submit(_install, jar, scratch) for jar in missing]:
                done.result()
    return jars


def resolve(chosen: MavenSet, report: Report, root: Path | None = None) -> dict[str, str]:
    """Coordinates with digests of the set's roots and all they need at run time.

    Raises MavenError when a repository does not have one of them.
    """
    root = root or cache_dir() / "maven"
    found: dict[str, str] = {}
    with _scratch(root) as scratch:
        roots = [Coordinate.parse(text) for text in chosen.roots]
        for coordinate in roots if chosen.exact else _with_dependencies(roots, scratch):
            if f"{coordinate.group}:{coordinate.artifact}" in chosen.without:
                continue
            report(f"reading {coordinate}")
            fetched = _download(coordinate, scratch)
            digest = file_sha256(fetched)
            _keep(fetched, _jar(root, coordinate, digest).path)
            found[str(coordinate)] = digest
    return found


def _jar(root: Path, coordinate: Coordinate, digest: str) -> Jar:
    return Jar(coordinate, digest, root / "files" / digest / coordinate.file)


def _install(jar: Jar, scratch: Path) -> None:
    fetched = _download(jar.coordinate, scratch)
    actual = file_sha256(fetched)
    if actual != jar.sha256:
        raise MavenError(
            f"{jar.coordinate} has SHA-256 {actual}, supply.lock says {jar.sha256}: not used",
            "build again; when it repeats, find out who changed the file before `supply relock`",
        )
    _keep(fetched, jar.path)


def _keep(fetched: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fetched.replace(path)


@contextmanager
def _scratch(root: Path) -> Generator[Path]:
    """A repository cache of this run alone: a killed download never looks like a finished one."""
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".run-{os.getpid()}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_dependencies(roots: list[Coordinate], scratch: Path) -> list[Coordinate]:
    from jgo.maven import Dependency, PythonResolver

    resolver = PythonResolver()
    context = _context(scratch)
    try:
        given = [Dependency(_artifact(context, one)) for one in roots]
        inputs, rest = resolver.resolve(given)
    except (RuntimeError, ValueError, OSError) as problem:
        raise MavenError(
            f"cannot resolve {', '.join(map(str, roots))}: {problem}",
            "check the coordinates and the network, then run again",
        ) from problem
    return [
        Coordinate(d.groupId, d.artifactId, d.version, d.type, d.classifier)
        for d in (*inputs, *rest)
        if not d.optional and d.scope not in ("provided", "test")
    ]


def _download(coordinate: Coordinate, scratch: Path) -> Path:
    try:
        return Path(_artifact(_context(scratch), coordinate).resolve())
    except (RuntimeError, OSError) as problem:
        raise MavenError(
            f"cannot download {coordinate}: {problem}", "check the network, then build again"
        ) from problem


def _context(scratch: Path) -> Any:
    from jgo.maven import MavenContext

    return MavenContext(repo_cache=scratch, local_repos=[], timeout=60)


def _artifact(context: Any, one: Coordinate) -> Any:
    component = context.project(one.group, one.artifact).at_version(one.version)
    return component.artifact(one.classifier, one.packaging)

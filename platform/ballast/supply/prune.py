"""Drops from the cache what supply.lock no longer names, and on request what only a build needs."""

import contextlib
import shutil
import tarfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ballast.supply.exclusive import exclusive
from ballast.supply.lock import Lock
from ballast.supply.progress import Progress
from ballast.supply.timings import Timings

_LOCKS = ("bin/.lock", "images/.lock", "debian/lock")


@dataclass(frozen=True)
class Leftover:
    """A file or folder of the cache that nothing needs; `size` is what it takes on disk, bytes."""

    kind: str
    path: Path
    size: int


def prune(
    lock: Lock, root: Path, progress: Progress, *, compiler: bool = False, dry_run: bool = False
) -> list[Leftover]:
    """Remove leftovers of the cache at `root` and return them; `dry_run` only returns them.

    A file that a process runs from stays. With `compiler` the compiled packages and unpacked
    modules go too: the next build of a component then starts from its downloads. Waits for a build
    that is going on.
    """
    with _alone(root, progress):
        running = _running()
        found = [
            Leftover(kind, path, _size(path))
            for kind, path in _leftovers(lock, root, compiler)
            if not any(program.is_relative_to(path) for program in running)
        ]
        for leftover in [] if dry_run else found:
            _remove(leftover.path)
        return found


@contextmanager
def _alone(root: Path, progress: Progress) -> Generator[None]:
    with contextlib.ExitStack() as held:
        for name in _LOCKS:
            held.enter_context(exclusive(root / name, progress.note))
        yield


def _leftovers(lock: Lock, root: Path, compiler: bool) -> Generator[tuple[str, Path]]:
    programs = {program.sha256 for _, program in lock.programs().values() if program.sha256}
    yield from _others("binary", root / "bin", programs | {Timings.default().file.name})
    tools = {f"{name}-{spec.version}" for name, spec in lock.toolchain.items()}
    for name in lock.toolchain:
        for path in sorted((root / "tools").glob(f"{name}-*")):
            if path.name not in tools:
                yield "toolchain", path
    images = {image.name for image in lock.image}
    yield from _others("image", root / "images", images)
    layers = _layers(root / "images" / name for name in images)
    for path in sorted((root / "layers").glob("*.tar")):
        if path.stem not in layers:
            yield "layer", path
    yield from _others("Debian package", root / "debian" / "debs", _packages(lock, root))
    archives = {
        digest
        for chosen in (lock.maven.closure.values() if lock.maven else ())
        for digest in chosen.values()
    }
    yield from _others("Java archive", root / "maven" / "files", archives)
    if compiler:
        yield from _others("compiled packages", root / "go" / "build", set())
        yield from _others("unpacked modules", root / "go" / "mod", {"cache"})


def _others(kind: str, folder: Path, kept: set[str]) -> Iterable[tuple[str, Path]]:
    """What is in `folder` beside `kept`; names with a dot are locks and drafts of a build."""
    for path in _children(folder):
        if path.name not in kept and not path.name.startswith("."):
            yield kind, path


def _packages(lock: Lock, root: Path) -> set[str]:
    """File names of the locked packages, and of the newer ones that stand in for them."""
    locked = lock.debian.package if lock.debian else {}
    names = {f"{package.sha256}.deb" for package in locked.values()}
    for name, package in locked.items():
        with contextlib.suppress(FileNotFoundError):
            moved = root / "debian" / "moved" / f"{name}_{package.sha256}"
            names.add(f"{moved.read_text(encoding='utf-8').split()[1]}.deb")
    return names


def _layers(folders: Iterable[Path]) -> set[str]:
    """Digests, in hex, of the layers of all archives in these folders."""
    found: set[str] = set()
    for folder in folders:
        for archive in folder.glob("*.tar"):
            with tarfile.open(archive, "r:") as members:
                found.update(name.rpartition("/")[2] for name in members.getnames())
    return found


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _running() -> set[Path]:
    """The files that this machine's processes were started from."""
    found: set[Path] = set()
    for link in Path("/proc").glob("[0-9]*/exe"):
        with contextlib.suppress(OSError):
            found.add(link.readlink())
    return found


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_blocks * 512 for file in files)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()

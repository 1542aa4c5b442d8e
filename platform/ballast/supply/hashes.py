"""Writing the hashes of a deliberate build into supply.lock, without touching anything else."""

import os
import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ballast.paths import cache_dir
from ballast.supply.compile import Compiler
from ballast.supply.exclusive import exclusive
from ballast.supply.go_spec import Component
from ballast.supply.go_tool import GoTool
from ballast.supply.lock import Lock, LockError, load_lock, lock_path
from ballast.supply.progress import Progress
from ballast.supply.store import BinaryStore, file_sha256
from ballast.supply.toolchain import ensure_go

_TABLE = re.compile(r"^\s*\[\[?([A-Za-z0-9_.-]+)\]?\]")
_NAME = re.compile(r'^\s*name\s*=\s*"([^"]+)"')
_WRITTEN = re.compile(r"^\s*(sha256|size)\s*=")


@dataclass(frozen=True)
class Built:
    """What a program turned out to be; size in bytes."""

    sha256: str
    size: int


def lock_components(
    names: Iterable[str], *, progress: Progress, path: Path | None = None
) -> dict[str, Built]:
    """Build the named components (all when none is named) and write their hashes into the lock.

    Each component is written as soon as it is built, so a stopped run keeps what it did.
    Raises LockError, GoBuildError, WrapperError.
    """
    path = path or lock_path()
    lock = load_lock(path)
    store = BinaryStore.default()
    go = GoTool(ensure_go(progress=progress), cache_dir() / "go")
    results: dict[str, Built] = {}
    with exclusive(store.root / ".lock", progress.note) as descriptor:
        compiler = Compiler(go, lock, keep_open=(descriptor,))
        for component in _chosen(lock, names):
            built = _build(compiler, component, store, progress)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.write_text(rewrite_lock(path.read_text(encoding="utf-8"), built))
            draft.replace(path)
            results |= built
    return results


def rewrite_lock(text: str, built: Mapping[str, Built]) -> str:
    """The lock with the sha256 and size of these programs; every other line stays as it is."""
    lines: list[str] = []
    inside = False
    current: Built | None = None
    for line in text.splitlines():
        table = _TABLE.match(line)
        if table:
            inside, current = table[1] == "binary.program", None
        named = _NAME.match(line) if inside else None
        if named:
            current = built.get(named[1])
        if current and _WRITTEN.match(line):
            continue
        lines.append(line)
        if named and current:
            lines += [f'sha256 = "{current.sha256}"', f"size = {current.size}"]
    return "\n".join(lines) + "\n"


def _chosen(lock: Lock, names: Iterable[str]) -> list[Component]:
    wanted = set(names)
    known = {component.component for component in lock.binary}
    for name in sorted(wanted - known):
        raise LockError(
            f"supply.lock has no component {name!r}", fix="known: " + ", ".join(sorted(known))
        )
    return [c for c in lock.binary if not wanted or c.component in wanted]


def _build(
    compiler: Compiler, component: Component, store: BinaryStore, progress: Progress
) -> dict[str, Built]:
    start, outcome = time.monotonic(), "failed"
    progress.begin(component.component, component.seconds)
    with tempfile.TemporaryDirectory(dir=store.staging()) as staging:
        try:
            files = compiler.build(
                component,
                component.program,
                Path(staging),
                lambda at: progress.step(component.component, at),
            )
            built = {
                name: Built(file_sha256(file), file.stat().st_size) for name, file in files.items()
            }
            for name, file in files.items():
                store.install(name, built[name].sha256, file)
            outcome = "locked"
        finally:
            progress.finish(component.component, outcome, time.monotonic() - start)
    return built

"""Every asked binary: found in the store, fetched from a binary cache, or built from source."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ballast.errors import BallastError
from ballast.paths import cache_dir
from ballast.supply.binary_cache import BinaryCache, BinaryCacheError, configured_cache
from ballast.supply.compile import Compiler
from ballast.supply.disk import require_room, room_for
from ballast.supply.exclusive import exclusive
from ballast.supply.go_spec import Component, Program
from ballast.supply.go_tool import GoTool
from ballast.supply.lock import Lock, load_lock
from ballast.supply.progress import Progress, Silent
from ballast.supply.store import BinaryStore, file_sha256
from ballast.supply.timings import Timings
from ballast.supply.toolchain import ensure_toolchain

# What a component leaves in Go's module and build caches, measured over a build of everything.
_PER_COMPONENT = 768 << 20


class BinaryError(BallastError):
    """A binary is not the locked one, or cannot be made here."""


def _nobody(_name: str, _path: Path) -> None:
    """Nobody waits."""


def ensure_binaries(
    names: Iterable[str], *, progress: Progress | None = None, lock: Lock | None = None
) -> dict[str, Path]:
    """Paths of the named binaries in the cache, each verified; what is missing is fetched or built.

    Raises BallastError (LockError, BinaryError, GoBuildError, ToolchainError) and installs nothing
    that is not right.
    """
    return BinarySupply(lock or load_lock(), progress=progress or Silent()).ensure(names)


@dataclass
class BinarySupply:
    """Makes binaries of a lock present. `ready` is told each one as soon as it can be used.

    `host` is the environment that go is made from; `niceness` is for a build beside other work.
    """

    lock: Lock
    progress: Progress = field(default_factory=Silent)
    store: BinaryStore = field(default_factory=BinaryStore.default)
    cache: BinaryCache | None = field(default_factory=configured_cache)
    timings: Timings = field(default_factory=Timings.default)
    cancelled: threading.Event = field(default_factory=threading.Event)
    ready: Callable[[str, Path], None] = _nobody
    host: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    niceness: int = 0

    def ensure(self, names: Iterable[str]) -> dict[str, Path]:
        """See ensure_binaries."""
        wanted = self.lock.select(names)
        found: dict[str, Path] = {}
        for name, (_, program) in wanted.items():
            self._look(program, found, name)
        if len(found) < len(wanted):
            lock_file = self.store.root / ".lock"
            with (
                room_for("making binaries", self.store.root),
                exclusive(lock_file, self.progress.note, self.cancelled) as descriptor,
            ):
                self.store.clear_staging()
                self._fill(wanted, found, descriptor)
        return {name: found[name] for name in wanted}

    def _look(self, program: Program, found: dict[str, Path], name: str) -> None:
        path = self.store.find(program.name, program.sha256) if program.sha256 else None
        if path is not None:
            found[name] = path
            self.ready(name, path)

    def _fill(
        self,
        wanted: dict[str, tuple[Component, Program]],
        found: dict[str, Path],
        descriptor: int,
    ) -> None:
        # Another run may have built some while this one waited for its lock.
        for name, (_, program) in wanted.items():
            if name not in found:
                self._look(program, found, name)
        missing = [pair for name, pair in wanted.items() if name not in found]
        missing = [pair for pair in missing if not self._fetch(pair[1], found)]
        if not missing:
            return
        needed = _PER_COMPONENT * len(_by_component(missing))
        needed += 2 * sum(program.size or 0 for _, program in missing)
        require_room(f"a build of {len(missing)} binaries", self.store.root, needed)
        for component, programs in _by_component(missing):
            _require_hashes(component, programs)
        executable = ensure_toolchain("go", self.lock.toolchain["go"], progress=self.progress)
        go = GoTool(executable.parent.parent, cache_dir() / "go", self.host)
        compiler = Compiler(go, self.lock, self.cancelled, (descriptor,), self.niceness)
        groups = _by_component(missing)
        # Modules are fetched while the compiler has the cores: waiting for a network costs none.
        with ThreadPoolExecutor(1, "ballast-modules") as ahead:
            prepared = [ahead.submit(compiler.prepare, component) for component, _ in groups]
            try:
                for (component, programs), wrapper in zip(groups, prepared, strict=True):
                    self._build(compiler, component, programs, wrapper, found)
            finally:
                ahead.shutdown(cancel_futures=True)

    def _fetch(self, program: Program, found: dict[str, Path]) -> bool:
        """Take a binary from the cache; a cache that fails or lies only costs a build."""
        if self.cache is None or program.sha256 is None:
            return False
        draft = self.store.staging() / program.sha256
        start = time.monotonic()
        try:
            if not self.cache.fetch(program.sha256, draft):
                return False
        except BinaryCacheError as error:
            self.progress.note(f"{program.name}: {error}; building it instead")
            return False
        path = self.store.install(program.name, program.sha256, draft)
        self.progress.finish(program.name, "fetched", time.monotonic() - start)
        found[program.name] = path
        self.ready(program.name, path)
        return True

    def _build(
        self,
        compiler: Compiler,
        component: Component,
        programs: tuple[Program, ...],
        wrapper: Future[Path],
        found: dict[str, Path],
    ) -> None:
        start, task = time.monotonic(), component.component
        self.progress.begin(task, self.timings.expected(component))
        outcome = "failed"
        try:
            self.progress.step(task, "fetching its modules")
            files = compiler.compile(
                component,
                programs,
                wrapper.result(),
                self.store.staging(),
                lambda at: self.progress.step(task, at),
            )
            for program in programs:
                path = self._accept(component, program, files[program.name])
                found[program.name] = path
                self.ready(program.name, path)
            outcome = "built"
            self.timings.record(component, time.monotonic() - start)
        finally:
            self.progress.finish(task, outcome, time.monotonic() - start)

    def _accept(self, component: Component, program: Program, file: Path) -> Path:
        digest = file_sha256(file)
        if digest != program.sha256:
            raise BinaryError(
                f"{program.name} of {component.module}@{component.version} was built with SHA-256 "
                f"{digest}, supply.lock says {program.sha256}: not installed",
                fix="git diff supply.lock; after a deliberate change: "
                f"ballast supply lock {component.component}",
            )
        return self.store.install(program.name, digest, file)


def _by_component(
    pairs: list[tuple[Component, Program]],
) -> list[tuple[Component, tuple[Program, ...]]]:
    groups: dict[str, tuple[Component, list[Program]]] = {}
    for component, program in pairs:
        groups.setdefault(component.component, (component, []))[1].append(program)
    return [(component, tuple(programs)) for component, programs in groups.values()]


def _require_hashes(component: Component, programs: tuple[Program, ...]) -> None:
    for program in programs:
        if program.sha256 is None:
            raise BinaryError(
                f"supply.lock has no sha256 for {program.name}",
                fix=f"ballast supply lock {component.component}",
            )

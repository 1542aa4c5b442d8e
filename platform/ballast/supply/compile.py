"""One component: its wrapper module, one `go build`, its programs in a staging folder."""

import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ballast.supply.go_spec import Component, Program
from ballast.supply.go_tool import GoTool
from ballast.supply.gomodule import (
    LANGUAGE,
    ModFile,
    WrapperError,
    import_paths,
    link_flags,
    module_versions,
    output_name,
    parse_modfile,
    render_wrapper,
    wrapper_name,
)
from ballast.supply.lock import Lock, source_folder


def _ignore(_: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Compiler:
    """Builds components with one Go toolchain.

    `keep_open` are descriptors (the build lock) that the compiler inherits; `cancelled` stops it;
    `niceness` is added to its own.
    """

    go: GoTool
    lock: Lock
    cancelled: threading.Event = field(default_factory=threading.Event)
    keep_open: Sequence[int] = ()
    niceness: int = 0

    def build(
        self,
        component: Component,
        programs: tuple[Program, ...],
        staging: Path,
        heard: Callable[[str], None] = _ignore,
    ) -> dict[str, Path]:
        """Files in `staging` by program name, not checked. `heard` is told where the build is.

        Raises GoBuildError, WrapperError, BuildCancelledError.
        """
        subject = f"{component.component} {component.version}"
        heard("reading its module")
        wrapper = self._wrapper(component)
        paths = import_paths(component, programs)
        target = staging / component.component
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        compiled = 0
        unpinned: list[str] = []

        def listen(line: str) -> None:
            nonlocal compiled
            if line.startswith("go: found "):
                unpinned.append(line.removeprefix("go: found "))
            if not line.startswith("go: "):
                compiled += 1
            heard(f"{compiled} packages, {line}")

        self.go.stream(
            subject,
            self._arguments(component, target, paths),
            wrapper,
            log=self.go.cache / "log" / f"{component.component}.log",
            heard=listen,
            cancelled=self.cancelled,
            keep_open=self.keep_open,
            niceness=self.niceness,
        )
        if unpinned:
            raise WrapperError(
                f"{subject}: go took the newest version of a module that nothing pins: "
                f"{unpinned[0]}; the next release of it would change the binary",
                fix=f"add it to `require` of component {component.component!r} in supply.lock",
            )
        name = wrapper_name(component)
        return {
            program.name: target / output_name(path, name)
            for program, path in zip(programs, paths, strict=True)
        }

    def _wrapper(self, component: Component) -> Path:
        folder = self.go.cache / "wrapper" / component.component
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "go.mod").write_text(f"module {wrapper_name(component)}\n\ngo {LANGUAGE}\n")
        followed: dict[str, str] = {}
        if component.follow:
            leader = self.lock.find_component(component.follow)
            followed = module_versions(leader, self._modfile(leader, folder))
        text = render_wrapper(component, self._modfile(component, folder), followed)
        (folder / "go.mod").write_text(text, encoding="utf-8")
        if component.source:
            shutil.copyfile(source_folder(component.source) / "main.go", folder / "main.go")
        return folder

    def _modfile(self, component: Component, folder: Path) -> ModFile:
        facts = self.go.download(component.module, component.version, folder)
        subject = f"{component.module}@{component.version}"
        return parse_modfile(
            self.go.capture(subject, ["mod", "edit", "-json", facts["GoMod"]], folder)
        )

    def _arguments(self, component: Component, target: Path, paths: list[str]) -> list[str]:
        return [
            "build", "-v", "-trimpath", "-buildvcs=false",
            "-ldflags", link_flags(component),
            "-tags", ",".join(component.tags),
            "-o", f"{target}/",
            *paths,
        ]  # fmt: skip

"""One component: its wrapper module, one `go build`, its programs in a staging folder."""

import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ballast.supply.go_spec import Component, Pin, Program
from ballast.supply.go_tool import GoTool
from ballast.supply.gomodule import (
    LANGUAGE,
    import_paths,
    link_flags,
    output_name,
    parse_modfile,
    render_wrapper,
    wrapper_name,
)
from ballast.supply.lock import source_folder


def _ignore(_: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Compiler:
    """Builds components with one Go toolchain.

    `keep_open` are descriptors (the build lock) that the compiler inherits; `cancelled` stops it.
    """

    go: GoTool
    pins: Mapping[str, Pin]
    cancelled: threading.Event = field(default_factory=threading.Event)
    keep_open: Sequence[int] = ()

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

        def listen(line: str) -> None:
            nonlocal compiled
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
        facts = self.go.download(component.module, component.version, folder)
        subject = f"{component.module}@{component.version}"
        own = self.go.capture(subject, ["mod", "edit", "-json", facts["GoMod"]], folder)
        text = render_wrapper(component, parse_modfile(own), self.pins)
        (folder / "go.mod").write_text(text, encoding="utf-8")
        if component.source:
            shutil.copyfile(source_folder(component.source) / "main.go", folder / "main.go")
        return folder

    def _arguments(self, component: Component, target: Path, paths: list[str]) -> list[str]:
        return [
            "build", "-v", "-trimpath", "-buildvcs=false",
            "-ldflags", link_flags(component),
            "-tags", ",".join(component.tags),
            "-o", f"{target}/",
            *paths,
        ]  # fmt: skip

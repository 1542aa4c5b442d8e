"""One component: its wrapper module, one `go build`, its programs in a staging folder."""

import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ballast.supply.go_spec import Component, Program
from ballast.supply.go_tool import GoTool
from ballast.supply.gomodule import (
    LANGUAGE,
    ModFile,
    WrapperError,
    import_path,
    link_flags,
    output_name,
    parse_modfile,
    render_wrapper,
    shared_versions,
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
        """`prepare` and `compile` in one."""
        heard("reading its module")
        return self.compile(component, programs, self.prepare(component), staging, heard)

    def compile(
        self,
        component: Component,
        programs: tuple[Program, ...],
        wrapper: Path,
        staging: Path,
        heard: Callable[[str], None] = _ignore,
    ) -> dict[str, Path]:
        """Files in `staging` by program name, not checked. `heard` is told where the build is.

        `wrapper` is what `prepare` gave. Raises GoBuildError, WrapperError, BuildCancelledError.
        """
        subject = f"{component.component} {component.version}"
        paths = [import_path(component, program) for program in programs]
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
        return {
            program.name: target / output_name(path)
            for program, path in zip(programs, paths, strict=True)
        }

    def prepare(self, component: Component) -> Path:
        """Write the component's wrapper module and fetch all that it needs; nothing is compiled.

        The wrapper is of all programs, whichever are asked for: each has one hash, built alone or
        with the others. Raises GoBuildError, WrapperError.
        """
        paths = [import_path(component, program) for program in component.program]
        folder = self.go.cache / "wrapper" / component.component
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "go.mod").write_text(f"module {wrapper_name(component)}\n\ngo {LANGUAGE}\n")
        for program in component.program:
            if program.source:
                shutil.rmtree(folder / program.source, ignore_errors=True)
                shutil.copytree(source_folder(program.source), folder / program.source)
        own = self._modfile(component, folder)
        shared = shared_versions(component, self.lock.shared, dict(own.require))
        while True:
            text = render_wrapper(component, own, shared)
            (folder / "go.mod").write_text(text, encoding="utf-8")
            used = self._used(component, paths, folder)
            wanted = shared_versions(component, self.lock.shared, used)
            self._check_shared(component, used, wanted, required=shared)
            if wanted.keys() <= shared.keys():
                return folder
            # A raised module may use others that the component's own go.mod does not know.
            shared |= wanted

    def _check_shared(
        self,
        component: Component,
        used: Mapping[str, str],
        wanted: Mapping[str, str],
        required: Mapping[str, str],
    ) -> None:
        """Go takes the highest version that anybody asks for; it has to be the shared one."""
        for path, version in wanted.items():
            if path in required and used[path] != version:
                raise WrapperError(
                    f"{component.component} {component.version}: something needs {path} "
                    f"{used[path]}, the shared version is {version}",
                    fix=f'raise shared."{path}" in supply.lock, or give component '
                    f'{component.component!r} exclude."{path}" = ["{used[path]}"] '
                    f'or own = ["{path}"]',
                )

    def _used(self, component: Component, paths: list[str], wrapper: Path) -> dict[str, str]:
        """Version of each module that these programs are made of."""
        module = "{{with .Module}}{{.Path}} {{.Version}}{{end}}"
        tags = ",".join(component.tags)
        answer = self.go.capture(
            f"{component.component} {component.version}",
            ["list", "-deps", "-f", module, "-tags", tags, *paths],
            wrapper,
        )
        return dict(line.split(" ") for line in answer.splitlines() if " " in line)

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
            "-gcflags", "all=-dwarf=false",
            "-tags", ",".join(component.tags),
            "-o", f"{target}/",
            *paths,
        ]  # fmt: skip

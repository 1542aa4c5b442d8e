"""The wrapper module a component is built from: its own go.mod lines, carried over and overridden.

Go ignores replace, exclude and godebug lines of a dependency, so a module that relies on its own
builds only from a wrapper that repeats them.
"""

import fnmatch
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ballast.errors import BallastError
from ballast.supply.go_spec import Component, Pin, Program

LANGUAGE = "1.26"


class WrapperError(BallastError):
    """A component's go.mod asks for something that the lock does not answer."""


@dataclass(frozen=True)
class Replace:
    """One replace line of a go.mod; `version` is empty when every version is replaced."""

    path: str
    version: str
    new_path: str
    new_version: str

    @property
    def local(self) -> bool:
        """Whether the line points into the module's own repository."""
        return self.new_path.startswith(("./", "../"))


@dataclass(frozen=True)
class ModFile:
    """The parts of a module's go.mod that a wrapper has to repeat."""

    go: str
    godebug: tuple[tuple[str, str], ...] = ()
    replace: tuple[Replace, ...] = ()
    exclude: tuple[tuple[str, str], ...] = ()


def parse_modfile(text: str) -> ModFile:
    """Read the output of `go mod edit -json`."""
    data: dict[str, Any] = json.loads(text)
    return ModFile(
        go=data.get("Go") or LANGUAGE,
        godebug=tuple((g["Key"], g["Value"]) for g in data.get("Godebug") or ()),
        replace=tuple(
            Replace(
                path=r["Old"]["Path"],
                version=r["Old"].get("Version", ""),
                new_path=r["New"]["Path"],
                new_version=r["New"].get("Version", ""),
            )
            for r in data.get("Replace") or ()
        ),
        exclude=tuple((e["Path"], e["Version"]) for e in data.get("Exclude") or ()),
    )


def wrapper_name(component: Component) -> str:
    """Path of the wrapper module; it is recorded in the binary, so it is part of its hash."""
    return f"ballast.local/{component.component}"


def render_wrapper(component: Component, own: ModFile, pins: Mapping[str, Pin]) -> str:
    """The wrapper's go.mod. Raises WrapperError for a local replace that the lock does not name."""
    lines = [f"module {wrapper_name(component)}", "", f"go {LANGUAGE}"]
    lines += [f"godebug {key}={value}" for key, value in _godebug(own)]
    lines += ["", f"require {component.module} {component.version}"]
    lines += [f"require {path} {version}" for path, version in sorted(component.require.items())]
    lines += [
        f"replace {old} => {new}" for old, new in sorted(_replaces(component, own, pins).items())
    ]
    lines += [f"exclude {path} {version}" for path, version in sorted(set(own.exclude))]
    return "\n".join(lines) + "\n"


def import_paths(component: Component, programs: tuple[Program, ...]) -> list[str]:
    """What `go build` is given for these programs."""
    if component.source:
        return ["."]
    return [
        component.module if p.package == "." else f"{component.module}/{p.package}"
        for p in programs
    ]


def output_name(import_path: str, wrapper: str) -> str:
    """The file name `go build -o folder/` gives a main package: its last element, less /vN."""
    parts = (wrapper if import_path == "." else import_path).split("/")
    if len(parts) > 1 and parts[-1].startswith("v") and parts[-1][1:].isdigit():
        parts.pop()
    return parts[-1]


def link_flags(component: Component) -> str:
    """-ldflags: no symbol tables, and the version variables that the program prints."""
    settings = [f"-X {name}={value}" for name, value in sorted(component.variables.items())]
    return " ".join(["-s", "-w", *settings])


def _godebug(own: ModFile) -> list[tuple[str, str]]:
    """Runtime defaults as upstream tested them: those of its own go line, unless it says others."""
    settings = {"default": "go" + ".".join(own.go.split(".")[:2]), **dict(own.godebug)}
    return sorted(settings.items())


def _replaces(component: Component, own: ModFile, pins: Mapping[str, Pin]) -> dict[str, str]:
    result: dict[str, str] = {}
    for line in own.replace:
        if line.path in component.drop_replaces:
            continue
        target = _override(component, line.path)
        if target is None and line.local:
            raise WrapperError(
                f"{component.module}@{component.version} replaces {line.path} by its own folder "
                f"{line.new_path}, and supply.lock does not say which published version that is",
                fix=f'add replace."{line.path}" = "vX.Y.Z" (or drop_replaces) to component '
                f"{component.component!r}",
            )
        old = f"{line.path} {line.version}".strip()
        result[old] = target or f"{line.new_path} {line.new_version}".strip()
    for pin in component.pins:
        for path in pins[pin].modules:
            result[path] = f"{path} {pins[pin].version}"
    for path, target in component.replace.items():
        if "*" not in path:
            result[path] = _target(path, target)
    return result


def _override(component: Component, path: str) -> str | None:
    exact = component.replace.get(path)
    if exact is not None:
        return _target(path, exact)
    for pattern, target in component.replace.items():
        if "*" in pattern and fnmatch.fnmatchcase(path, pattern):
            return _target(path, target)
    return None


def _target(path: str, target: str) -> str:
    return target if " " in target else f"{path} {target}"

"""The wrapper module a component is built from: its own go.mod lines, carried over and overridden.

Go ignores replace, exclude and godebug lines of a dependency, so a module that relies on its own
builds only from a wrapper that repeats them.
"""

import fnmatch
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ballast.errors import BallastError
from ballast.supply.go_spec import Component, Program

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
    require: tuple[tuple[str, str], ...] = ()
    godebug: tuple[tuple[str, str], ...] = ()
    replace: tuple[Replace, ...] = ()
    exclude: tuple[tuple[str, str], ...] = ()


def parse_modfile(text: str) -> ModFile:
    """Read the output of `go mod edit -json`."""
    data: dict[str, Any] = json.loads(text)
    return ModFile(
        go=data.get("Go") or LANGUAGE,
        require=tuple((r["Path"], r["Version"]) for r in data.get("Require") or ()),
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


def shared_versions(
    component: Component, shared: Mapping[str, str], modules: Iterable[str]
) -> dict[str, str]:
    """The shared version of those of `modules` that this component does not keep its own of."""
    return {
        path: shared[path]
        for path in modules
        if path in shared and path != component.module and not _matches(path, component.own)
    }


def render_wrapper(
    component: Component, own: ModFile, shared: Mapping[str, str] | None = None
) -> str:
    """The wrapper's go.mod, with what `shared_versions` gives as `shared`.

    A shared version is required, never replaced: Go's cache knows a package by the version that
    was required, so a replaced one would be compiled anew for each component.
    Raises WrapperError for a local replace that the lock does not name.
    """
    shared = dict(shared or {})
    require: dict[str, str] = {component.module: component.version}
    require |= component.require
    require |= shared
    replace = _own_replaces(component, own, shared) | _exact_replaces(component)
    exclude = set(own.exclude) | {
        (path, version)
        for pattern, versions in component.exclude.items()
        for path in fnmatch.filter(shared, pattern) or [pattern]
        for version in versions
        if _is_version_of(path, version)
    }
    lines = [f"module {wrapper_name(component)}", "", f"go {LANGUAGE}"]
    lines += [f"godebug {key}={value}" for key, value in _godebug(own)]
    lines += [f"require {path} {version}" for path, version in sorted(require.items())]
    lines += [f"replace {old} => {new}" for old, new in sorted(replace.items())]
    lines += [f"exclude {path} {version}" for path, version in sorted(exclude)]
    return "\n".join(lines) + "\n"


def import_path(component: Component, program: Program) -> str:
    """What `go build` is given for this program."""
    if program.source:
        return f"./{program.source}"
    if program.package in (None, "."):
        return component.module
    return f"{component.module}/{program.package}"


def output_name(import_path: str) -> str:
    """The file name `go build -o folder/` gives a main package: its last element, less /vN."""
    parts = import_path.split("/")
    if len(parts) > 1 and parts[-1].startswith("v") and parts[-1][1:].isdigit():
        parts.pop()
    return parts[-1]


def link_flags(component: Component) -> str:
    """-ldflags: no symbol tables, and the version variables that the program prints."""
    settings = [f"-X {name}={value}" for name, value in sorted(component.variables.items())]
    return " ".join(["-s", "-w", *settings])


def _is_version_of(path: str, version: str) -> bool:
    """Whether a module of that path can have the version: from v2 on the path ends in the major."""
    major = re.search(r"[/.]v(\d+)$", path)
    if major:
        return version.startswith(f"v{major[1]}.")
    return version.startswith(("v0.", "v1.")) or version.endswith("+incompatible")


def _godebug(own: ModFile) -> list[tuple[str, str]]:
    """Runtime defaults as upstream tested them: those of its own go line, unless it says others."""
    settings = {"default": "go" + ".".join(own.go.split(".")[:2]), **dict(own.godebug)}
    return sorted(settings.items())


def _own_replaces(component: Component, own: ModFile, shared: Mapping[str, str]) -> dict[str, str]:
    result: dict[str, str] = {}
    for line in own.replace:
        if line.path in shared or _matches(line.path, component.drop_replaces):
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
    return result


def _exact_replaces(component: Component) -> dict[str, str]:
    return {
        path: _target(path, target) for path, target in component.replace.items() if "*" not in path
    }


def _matches(path: str, globs: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, glob) for glob in globs)


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

"""The wrapper module a component is built from: its own go.mod lines, carried over and overridden.

Go ignores replace, exclude and godebug lines of a dependency, so a module that relies on its own
builds only from a wrapper that repeats them.
"""

import fnmatch
import json
from collections.abc import Mapping, Sequence
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


def render_wrapper(
    component: Component, own: ModFile, followed: Mapping[str, str] | None = None
) -> str:
    """The wrapper's go.mod; `followed` are the versions of `module_versions` to force.

    Raises WrapperError for a local replace that the lock does not name.
    """
    forced = {
        path: version
        for path, version in (followed or {}).items()
        if not _matches(path, component.unfollow) and path != component.module
    }
    require = {component.module: component.version} | forced | component.require
    replace = {path: f"{path} {version}" for path, version in forced.items()}
    replace = _own_replaces(component, own) | replace | _exact_replaces(component)
    lines = [f"module {wrapper_name(component)}", "", f"go {LANGUAGE}"]
    lines += [f"godebug {key}={value}" for key, value in _godebug(own)]
    lines += [f"require {path} {version}" for path, version in sorted(require.items())]
    lines += [f"replace {old} => {new}" for old, new in sorted(replace.items())]
    lines += [f"exclude {path} {version}" for path, version in sorted(set(own.exclude))]
    return "\n".join(lines) + "\n"


def module_versions(component: Component, own: ModFile) -> dict[str, str]:
    """The version of every module that a component's go.mod names, its replaces applied.

    A module replaced by another path is left out: it has no version of its own to share.
    """
    replaced = {old.split(" ")[0]: new for old, new in _own_replaces(component, own).items()}
    versions: dict[str, str] = {}
    for path, version in own.require:
        new_path, _, new_version = replaced.get(path, f"{path} {version}").partition(" ")
        if new_path == path:
            versions[path] = new_version
    return versions


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


def _own_replaces(component: Component, own: ModFile) -> dict[str, str]:
    result: dict[str, str] = {}
    for line in own.replace:
        if _matches(line.path, component.drop_replaces):
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

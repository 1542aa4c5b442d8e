"""What the compiler has to compile more than once, and which module's version is the cause.

python benchmarks/shared_modules.py

Nothing is compiled: Go lists the packages of each component, and a package counts as the same when
its module's version is the same and so is everything that it imports, as in Go's cache. The first
table says how many MB of source each component adds in build order; the second which modules have
several versions, and how many MB the highest of them for all would save, one module at a time.
Such a module belongs into `[shared]` of supply.lock, or a component's `own` says why not (ADR-010).
"""

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from ballast.paths import cache_dir
from ballast.supply.compile import Compiler
from ballast.supply.go_spec import Component
from ballast.supply.go_tool import GoTool
from ballast.supply.gomodule import import_path
from ballast.supply.lock import load_lock
from ballast.supply.toolchain import ensure_go

WORTH_A_LINE = 0.5
"""MB that a module has to save to be named."""


@dataclass(frozen=True)
class Package:
    """One package as a component imports it; `source` is what there is to compile, in bytes."""

    path: str
    module: str
    version: str
    imports: tuple[str, ...]
    source: int


Packages = dict[str, Package]


def main() -> None:
    """Print both tables."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    console, lock = Console(), load_lock()
    compiler = Compiler(GoTool(ensure_go(), cache_dir() / "go"), lock)
    listed = {
        component.component: packages(compiler, component)
        for component in track(lock.binary, "listing", console=console, transient=True)
    }
    before = compiled(listed, {})
    table = Table("component", "MB", "MB by version alone", title="Source that is compiled")
    alone = compiled(listed, {}, deep=False)
    for name in listed:
        table.add_row(name, f"{before[name] / 1e6:.1f}", f"{alone[name] / 1e6:.1f}")
    table.add_section()
    table.add_row("all", *(f"{sum(each.values()) / 1e6:.1f}" for each in (before, alone)))
    console.print(table)

    apart = versions(listed)
    causes = Table("module", "MB saved", "versions", title="Modules that are not at one version")
    saved = {
        module: (sum(before.values()) - sum(compiled(listed, {module: known[-1]}).values())) / 1e6
        for module, known in track(apart.items(), "weighing", console=console, transient=True)
    }
    for module, megabytes in sorted(saved.items(), key=lambda each: -each[1]):
        if megabytes >= WORTH_A_LINE:
            causes.add_row(module, f"{megabytes:.1f}", " ".join(apart[module]))
    console.print(causes)


def packages(compiler: Compiler, component: Component) -> Packages:
    """All packages that a component's programs are made of."""
    paths = [import_path(component, program) for program in component.program]
    listed = compiler.go.capture(
        component.component,
        ["list", "-deps", "-json=ImportPath,Module,Imports,GoFiles,Dir",
         "-tags", ",".join(component.tags), *paths],
        compiler.prepare(component),
    )  # fmt: skip
    decoder, at = json.JSONDecoder(), 0
    found: Packages = {}
    while at < len(listed.rstrip()):
        entry, at = decoder.raw_decode(listed, at)
        at += 1
        found[entry["ImportPath"]] = _package(entry)
    return found


def _package(entry: dict[str, Any]) -> Package:
    module: dict[str, Any] = entry.get("Module") or {}
    replaced: dict[str, str] = module.get("Replace") or {}
    folder = Path(entry["Dir"])
    return Package(
        path=entry["ImportPath"],
        module=module.get("Path", ""),
        version=" => ".join(each["Version"] for each in (module, replaced) if "Version" in each),
        imports=tuple(entry.get("Imports") or ()),
        source=sum((folder / name).stat().st_size for name in entry.get("GoFiles") or ()),
    )


def versions(listed: Mapping[str, Packages]) -> dict[str, list[str]]:
    """Versions of each module that has several, the highest last."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in listed.values():
        for package in each.values():
            found[package.module].add(package.version)
    return {m: sorted(known, key=_order) for m, known in sorted(found.items()) if len(known) > 1}


def _order(version: str) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", version)
    ]


def compiled(
    listed: Mapping[str, Packages], chosen: Mapping[str, str], *, deep: bool = True
) -> dict[str, int]:
    """Bytes of source that each component adds in order, with `chosen` versions for all.

    Without `deep` a package is the same whatever it imports.
    """
    elsewhere = {(p.path, p.version): p for each in listed.values() for p in each.values()}
    seen: set[int] = set()
    added: dict[str, int] = {}
    for name, own in listed.items():
        keys: dict[str, int] = {}
        added[name] = 0
        for package in own.values():  # Go lists what is imported first
            wanted = chosen.get(package.module, package.version)
            taken = elsewhere.get((package.path, wanted), package)
            imported = tuple(keys.get(path, 0) for path in sorted(taken.imports)) if deep else ()
            key = hash((package.path, package.module, wanted, imported))
            keys[package.path] = key
            added[name] += 0 if key in seen else taken.source
            seen.add(key)
    return added


if __name__ == "__main__":
    main()

"""Writes the generated end of supply.lock: package closures, versions and digests."""

import os
from collections.abc import Iterable
from pathlib import Path

from ballast.errors import BallastError
from ballast.supply.apt import Apt, Available
from ballast.supply.debian import DebianStore, Report
from ballast.supply.image_spec import DebianSpec, MavenSpec
from ballast.supply.lock import load_lock, lock_path
from ballast.supply.maven import resolve

MARK = "# Generated from here to the end by `ballast supply relock`."


def relock(report: Report, path: Path | None = None) -> None:
    """Resolve every Debian and Maven set anew and rewrite the generated part of the lock.

    Raises AptError or MavenError when something cannot be resolved; the file is then unchanged.
    """
    path = path or lock_path()
    lock = load_lock(path)
    kept, mark, _ = path.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise BallastError(f"{path} has no line {MARK!r}", "git checkout supply.lock")
    lines = [MARK, ""]
    if lock.debian:
        report("resolving Debian packages")
        lines += _debian(lock.debian, DebianStore(lock.debian).apt())
    if lock.maven:
        report("resolving Java archives")
        lines += _maven(lock.maven, report)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(kept + "\n".join(lines), encoding="utf-8")
    load_lock(draft)
    draft.replace(path)


def closures(spec: DebianSpec, apt: Apt) -> dict[str, tuple[str, ...]]:
    """Packages of each set that no set below it holds, sorted."""
    whole: dict[str, set[str]] = {}
    for name, chosen in spec.set.items():
        found = chosen.packages if chosen.exact else apt.closure(chosen.packages)
        whole[name] = set(found) - set(spec.never) - set(chosen.omit)
    return {
        name: tuple(sorted(whole[name].difference(*(whole[below] for below in chosen.over))))
        for name, chosen in spec.set.items()
    }


def _debian(spec: DebianSpec, apt: Apt) -> list[str]:
    apt.update()
    found = closures(spec, apt)
    names = sorted({package for packages in found.values() for package in packages})
    newest: dict[str, Available] = {n: v[0] for n, v in apt.available(names).items()}
    lines = ["[debian.closure]"]
    for name in sorted(found):
        lines += [f"{name} = [", *_wrapped(found[name]), "]"]
    lines += ["", "[debian.package]"]
    lines += [
        f'"{name}" = {{ version = "{newest[name].version}", sha256 = "{newest[name].sha256}" }}'
        for name in names
    ]
    return [*lines, ""]


def _maven(spec: MavenSpec, report: Report) -> list[str]:
    lines: list[str] = []
    for name in sorted(spec.set):
        lines.append(f"[maven.closure.{name}]")
        found = resolve(spec.set[name], report)
        lines += [f'"{coordinate}" = "{found[coordinate]}"' for coordinate in sorted(found)]
        lines.append("")
    return lines


def _wrapped(names: Iterable[str], width: int = 110) -> list[str]:
    lines: list[str] = []
    line = " "
    for name in names:
        word = f' "{name}",'
        if len(line) + len(word) > width:
            lines.append(line)
            line = " "
        line += word
    return [*lines, line] if line.strip() else lines

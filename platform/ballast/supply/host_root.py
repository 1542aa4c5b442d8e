"""Debian programs for use on this machine, unpacked under the cache; nothing is installed."""

import hashlib
import os
import shlex
import shutil
from pathlib import Path

from ballast.supply.debian import DebianStore, Report
from ballast.supply.debian_tree import NEVER_NEEDED, tree, unpack
from ballast.supply.image_spec import DebianSpec
from ballast.supply.lock import LockError, load_lock

PREFIX = "host-"
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/systemd", "usr/lib")
PROGRAMS = ("usr/sbin", "usr/bin", "usr/lib/postgresql/15/bin")
# Changes when the way a tree is laid out changes, so that old trees are not taken for new ones.
LAYOUT = "2"


def _silent(_text: str) -> None:
    """Nobody listens."""


def host_root_names(spec: DebianSpec) -> list[str]:
    """Names that `ensure_host_root` knows."""
    return sorted(name.removeprefix(PREFIX) for name in spec.set if name.startswith(PREFIX))


def ensure_host_root(
    name: str, *, report: Report = _silent, spec: DebianSpec | None = None
) -> Path:
    """A tree with the programs of set host-<name>, made when it is not there.

    `bin/` in it holds one wrapper a program, which finds the tree's own libraries: put that folder
    first on PATH. The C library is the machine's. Raises LockError, AptError.
    """
    spec = spec or load_lock().debian
    chosen = spec.set.get(PREFIX + name) if spec else None
    if spec is None or chosen is None:
        known = ", ".join(host_root_names(spec)) if spec else "none"
        raise LockError(f"supply.lock has no Debian set {PREFIX + name}", f"known: {known}")
    store = DebianStore(spec)
    debs = store.ensure(spec.closure.get(PREFIX + name, ()), report)
    inputs = [LAYOUT, *NEVER_NEEDED, chosen.model_dump_json(), *(d.sha256 for d in debs.values())]
    key = hashlib.sha256("\n".join(inputs).encode()).hexdigest()
    root = store.root / "roots" / f"{name}-{key[:16]}"
    if root.is_dir():
        return root
    report(f"unpacking {name} programs")
    draft = store.root / "roots" / f".{name}-{key[:16]}-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        spool = draft / ".spool"
        unpack(tree(debs.values(), chosen, spool), draft)
        spool.unlink()
        _write_wrappers(draft, root)
        try:
            draft.rename(root)
        except OSError:
            if not root.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return root


def library_path(root: Path) -> str:
    """Value of LD_LIBRARY_PATH with which the tree's own programs run without a wrapper."""
    return ":".join(str(root / folder) for folder in LIBRARIES)


def _write_wrappers(draft: Path, root: Path) -> None:
    wrappers = draft / "bin"
    wrappers.mkdir()
    for folder in PROGRAMS:
        for program in sorted((draft / folder).glob("*")) if (draft / folder).is_dir() else []:
            wrapper = wrappers / program.name
            if wrapper.exists() or not os.access(program, os.X_OK) or program.is_dir():
                continue
            real = shlex.quote(str(root / folder / program.name))
            wrapper.write_text(
                f"#!/bin/sh\nLD_LIBRARY_PATH={shlex.quote(library_path(root))} "
                f'PATH={shlex.quote(str(root / "bin"))}:"$PATH" exec {real} "$@"\n',
                encoding="utf-8",
            )
            wrapper.chmod(0o755)

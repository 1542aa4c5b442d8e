"""A folder of this machine as entries of an image."""

import fnmatch
import hashlib
from pathlib import Path

from ballast.supply.entry import Entry, FileContent, directory, file, symlink

COMPILED = ("__pycache__", "*.pyc")


def folder_entries(root: Path, prefix: str, without: tuple[str, ...] = ()) -> list[Entry]:
    """Everything under `root`, placed under `prefix`, owned by root and readable by all.

    `without` are globs over the path inside `root` or over a file's own name. Times, owners and
    all permission bits but "executable" are dropped.
    """
    entries = [directory(prefix)]
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if _left_out(inside, without):
            continue
        target = f"{prefix.strip('/')}/{inside.as_posix()}"
        if path.is_symlink():
            entries.append(symlink(target, str(path.readlink())))
        elif path.is_dir():
            entries.append(directory(target))
        else:
            mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            entries.append(file(target, FileContent.whole(path), mode))
    return entries


def folder_digest(root: Path, without: tuple[str, ...] = ()) -> str:
    """Hex SHA-256 over names, executable bits and contents of the files under `root`."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if _left_out(inside, without) or path.is_dir():
            continue
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        runs = bool(path.lstat().st_mode & 0o100)
        digest.update(f"{inside.as_posix()}\0{runs}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _left_out(inside: Path, without: tuple[str, ...]) -> bool:
    return any(
        fnmatch.fnmatchcase(inside.as_posix(), glob)
        or any(fnmatch.fnmatchcase(part, glob) for part in inside.parts)
        for glob in without
    )

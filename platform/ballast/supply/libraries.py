"""Finds programs in an image whose shared libraries are not in it."""

import io
import posixpath
import tarfile
from collections.abc import Iterable
from pathlib import Path

from ballast.supply.elf import Linkage, linkage

_PLACES = ("usr/lib", "usr/lib64", "opt", "app")
_PROGRAMS = ("usr/bin", "usr/sbin", "usr/local", *_PLACES)


def missing_libraries(layers: Iterable[Path]) -> dict[str, list[str]]:
    """Path of each ELF file to the libraries it asks for that no layer has."""
    asked: dict[str, Linkage] = {}
    offered: set[str] = set()
    for layer in layers:
        with tarfile.open(layer, "r:") as archive:
            for member in archive:
                if not member.name.startswith(_PROGRAMS):
                    continue
                offered.add(posixpath.basename(member.name))
                found = _linkage(archive, member) if member.isreg() else None
                if found:
                    asked[member.name] = found
    missing = {
        path: [name for name in found.needed if name not in offered]
        for path, found in asked.items()
    }
    return {path: names for path, names in sorted(missing.items()) if names}


def _linkage(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Linkage | None:
    stream = archive.extractfile(member)
    if stream is None or stream.read(4) != b"\x7fELF":
        return None
    stream.seek(0, io.SEEK_SET)
    return linkage(stream)

"""The files that a set of Debian packages makes, without their maintainer scripts."""

import fnmatch
import posixpath
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ballast.errors import BallastError
from ballast.supply.deb import data_members
from ballast.supply.debian import Deb
from ballast.supply.entry import CHUNK, Entry, FileContent, Kind, directory, symlink
from ballast.supply.image_spec import DebianSet
from ballast.supply.usrmerge import canonical, canonical_target

# Nothing of this is read by a program at run time in an image; copyright notices stay.
NEVER_NEEDED = (
    "usr/share/man/*", "usr/share/info/*", "usr/share/locale/*", "usr/share/lintian/*",
    "usr/share/bug/*", "usr/share/doc-base/*", "usr/share/menu/*", "usr/share/bash-completion/*",
    "usr/share/zsh/*", "usr/share/fish/*", "usr/share/gtk-doc/*", "usr/share/apport/*",
    "usr/share/pixmaps/*", "usr/share/applications/*", "usr/share/debconf/*",
    "usr/lib/systemd/*", "usr/lib/tmpfiles.d/*", "usr/lib/sysusers.d/*", "usr/lib/udev/*",
    "usr/lib/modprobe.d/*", "usr/share/initramfs-tools/*", "usr/share/gcc/*",
    "usr/share/perl5/*", "usr/lib/*/sasl2/*", "usr/lib/*/gconv/*", "usr/lib/*/pkgconfig/*",
    "etc/init.d/*", "etc/cron.*", "etc/logrotate.d/*", "etc/default/*", "etc/pam.d/*",
    "etc/security/*", "etc/apt/*", "etc/dpkg/*", "etc/skel/*", "etc/bash*", "etc/systemd/*",
    "etc/profile.d/*", "etc/kernel/*", "etc/alternatives/*", "etc/init/*", "etc/X11/*",
    "var/cache/*", "var/log/*", "var/mail/*", "run/*",
)  # fmt: skip
_STICKY = ("tmp", "var/tmp")


class DebianTreeError(BallastError):
    """Packages of a set cannot be merged into one tree."""


def tree(debs: Iterable[Deb], chosen: DebianSet, spool: Path) -> list[Entry]:
    """Entries of the merged packages, sorted; file contents are kept in the file `spool`."""
    merged: dict[str, Entry] = {}
    with spool.open("wb") as store:
        for deb in debs:
            with data_members(deb.path) as archive:
                for entry in _entries(archive, chosen, merged, store, spool):
                    merged[entry.path] = entry
    for path, target in chosen.links.items():
        merged[path.lstrip("/")] = symlink(path, target)
    for program, names in chosen.aliases.items():
        folder, _, own = program.lstrip("/").rpartition("/")
        merged |= {f"{folder}/{name}": symlink(f"{folder}/{name}", own) for name in names}
    return [merged[path] for path in sorted(merged)]


def _entries(
    archive: tarfile.TarFile,
    chosen: DebianSet,
    merged: dict[str, Entry],
    store: BinaryIO,
    spool: Path,
) -> Iterator[Entry]:
    for member in archive:
        path = canonical(member.name)
        if not path or not _kept(path, member, chosen):
            continue
        if member.issym():
            target = canonical_target(posixpath.normpath(member.name).lstrip("/"), member.linkname)
            yield Entry(path, Kind.SYMLINK, 0o777, target=target)
        elif member.islnk():
            first = merged.get(canonical(member.linkname))
            if first is None:
                raise DebianTreeError(
                    f"{path} is a hard link to {member.linkname}, which is left out",
                    "leave both out, or none, in the set's `without`",
                )
            yield Entry(path, Kind.FILE, first.mode, content=first.content)
        elif member.isreg():
            content = _spooled(archive, member, store, spool)
            yield Entry(path, Kind.FILE, member.mode & 0o755, content=content)
        elif member.isdir() and path in _STICKY:
            yield directory(path, 0o1777)


def _kept(path: str, member: tarfile.TarInfo, chosen: DebianSet) -> bool:
    if path.startswith("usr/share/doc/"):
        return path.endswith("/copyright") and not chosen.only
    if chosen.only:
        return any(fnmatch.fnmatchcase(path, glob) for glob in chosen.only)
    return not any(fnmatch.fnmatchcase(path, glob) for glob in (*NEVER_NEEDED, *chosen.without))


def _spooled(
    archive: tarfile.TarFile, member: tarfile.TarInfo, store: BinaryIO, spool: Path
) -> FileContent:
    offset = store.tell()
    stream = archive.extractfile(member)
    if stream is None:
        raise DebianTreeError(f"{member.name} has no content in its package", "build again")
    while piece := stream.read(CHUNK):
        store.write(piece)
    return FileContent(spool, store.tell() - offset, offset)


def unpack(entries: Iterable[Entry], root: Path) -> None:
    """Write entries as files under `root`, which must be empty and ours.

    Absolute symlinks are made relative, so that they stay inside `root`.
    """
    for entry in entries:
        path = root / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.kind is Kind.DIRECTORY:
            path.mkdir(exist_ok=True)
            path.chmod(entry.mode)
        elif entry.kind is Kind.SYMLINK:
            path.symlink_to(_inside(entry))
        elif entry.content is not None:
            with entry.content.open() as source, path.open("wb") as copy:
                left = entry.content.size
                while left and (piece := source.read(min(CHUNK, left))):
                    copy.write(piece)
                    left -= len(piece)
            path.chmod(entry.mode)


def _inside(entry: Entry) -> str:
    if not entry.target.startswith("/"):
        return entry.target
    return posixpath.relpath("/" + canonical(entry.target), "/" + posixpath.dirname(entry.path))

"""One path of a file system that goes into an image layer or onto this machine."""

import io
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 1 << 20


class Kind(Enum):
    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"


class Content(Protocol):
    """Bytes of a regular file that can be read again and again, without holding them in memory."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def open(self) -> BinaryIO:
        """A stream positioned at the first byte; the reader takes `size` bytes and closes it."""
        ...


@dataclass(frozen=True)
class Bytes:
    """Content written by us, small enough for memory."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


@dataclass(frozen=True)
class FileContent:
    """Content that is (a slice of) a file on this machine; offset and size in bytes."""

    path: Path
    size: int
    offset: int = 0

    @classmethod
    def whole(cls, path: Path) -> "FileContent":
        """All of the file at `path`, following symlinks."""
        return cls(path, path.stat().st_size)

    def open(self) -> BinaryIO:
        stream = self.path.open("rb")
        stream.seek(self.offset)
        return stream


@dataclass(frozen=True)
class Entry:
    """A file, directory or symlink; `path` has no leading slash, `mode` only permission bits."""

    path: str
    kind: Kind
    mode: int
    uid: int = 0
    gid: int = 0
    content: Content | None = None
    target: str = ""

    def owned(self, uid: int, gid: int) -> "Entry":
        return replace(self, uid=uid, gid=gid)


def file(path: str, content: Content, mode: int = 0o644) -> Entry:
    """A regular file owned by root."""
    return Entry(path.lstrip("/"), Kind.FILE, mode, content=content)


def directory(path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> Entry:
    """A directory."""
    return Entry(path.strip("/"), Kind.DIRECTORY, mode, uid, gid)


def symlink(path: str, target: str) -> Entry:
    """A symbolic link, target written as given."""
    return Entry(path.lstrip("/"), Kind.SYMLINK, 0o777, target=target)

"""Reads a Debian package: an `ar` archive whose data member is a compressed tar."""

import gzip
import lzma
import tarfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from ballast.errors import BallastError

MAGIC = b"!<arch>\n"
HEADER = 60


class Slice:
    """A read-only window of a file, so that a decompressor cannot run past its member."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(wanted)
        self._left -= len(data)
        return data

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


@contextmanager
def data_members(deb: Path) -> Generator[tarfile.TarFile]:
    """The package's data.tar as a forward-only TarFile.

    Raises BallastError when the file is no Debian package or is packed by an unknown method.
    """
    with deb.open("rb") as stream:
        name, size = _find_data(stream, deb)
        window = cast("IO[bytes]", Slice(stream, size))
        unpacked = _decompressed(name, window, deb)
        try:
            with tarfile.open(fileobj=unpacked, mode="r|") as archive:
                yield archive
        except (tarfile.TarError, lzma.LZMAError, EOFError, gzip.BadGzipFile) as problem:
            raise BallastError(
                f"{deb.name} is damaged: {problem}", f"delete {deb} and build again"
            ) from problem


def _decompressed(name: str, window: IO[bytes], deb: Path) -> IO[bytes]:
    if name.endswith(".xz"):
        return lzma.LZMAFile(window)
    if name.endswith(".gz"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=window))
    if name == "data.tar":
        return window
    raise BallastError(
        f"{deb.name}: its files are packed as {name}, which this reader does not know",
        "lock the version from Debian bookworm, which packs with xz",
    )


def _find_data(stream: BinaryIO, deb: Path) -> tuple[str, int]:
    if stream.read(len(MAGIC)) != MAGIC:
        raise BallastError(f"{deb} is no Debian package", f"delete {deb} and build again")
    while len(header := stream.read(HEADER)) == HEADER:
        name = header[:16].decode("ascii").strip().rstrip("/")
        size = int(header[48:58])
        if name.startswith("data.tar"):
            return name, size
        stream.seek(size + size % 2, 1)
    raise BallastError(f"{deb} holds no data.tar", f"delete {deb} and build again")

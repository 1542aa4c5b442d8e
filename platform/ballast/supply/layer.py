"""Writes entries as one uncompressed, reproducible layer, kept under its own digest."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ballast.supply.entry import CHUNK, Entry, Kind

BLOCK = tarfile.BLOCKSIZE
_TYPES = {
    Kind.FILE: tarfile.REGTYPE,
    Kind.DIRECTORY: tarfile.DIRTYPE,
    Kind.SYMLINK: tarfile.SYMTYPE,
}


@dataclass(frozen=True)
class Layer:
    """A layer on disk; `digest` is hex SHA-256 of the tar, which is also its diff id."""

    digest: str
    size: int
    path: Path


@dataclass(frozen=True)
class LayerStore:
    """layers/<sha256>.tar, shared by all images, and which recipe made which layer."""

    root: Path

    def find(self, recipe: str) -> Layer | None:
        """The layer that `recipe` (a hex digest of everything it is made of) gave before."""
        try:
            noted = json.loads(self._note(recipe).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        layer = Layer(noted["digest"], noted["size"], self.path(noted["digest"]))
        try:
            whole = layer.path.stat().st_size == layer.size
        except FileNotFoundError:
            return None
        return layer if whole else None

    def write(self, recipe: str, entries: Iterable[Entry]) -> Layer:
        """Write the layer and note its recipe; both appear at once or not at all."""
        self._note(recipe).parent.mkdir(parents=True, exist_ok=True)
        draft = self.root / f".draft-{os.getpid()}-{recipe[:16]}"
        try:
            with draft.open("wb") as stream:
                hashed = _Hashing(stream)
                write_tar(hashed, entries)
            layer = Layer(hashed.hexdigest(), hashed.size, self.path(hashed.hexdigest()))
            draft.replace(layer.path)
        finally:
            draft.unlink(missing_ok=True)
        note = draft.with_suffix(".json")
        note.write_text(json.dumps({"digest": layer.digest, "size": layer.size}), encoding="utf-8")
        note.replace(self._note(recipe))
        return layer

    def path(self, digest: str) -> Path:
        """Where the layer of that digest lies."""
        return self.root / f"{digest}.tar"

    def _note(self, recipe: str) -> Path:
        return self.root / "recipes" / f"{recipe}.json"


class _Hashing:
    """Passes bytes on and digests them on the way."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self.size += len(data)
        return self._stream.write(data)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def with_parents(entries: Iterable[Entry]) -> list[Entry]:
    """The entries sorted by path, each once (the last wins), with every parent directory."""
    found = {entry.path: entry for entry in entries}
    for path in list(found):
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found[parent] = Entry(parent, Kind.DIRECTORY, 0o755)
            parent = parent.rpartition("/")[0]
    return [found[path] for path in sorted(found)]


def write_tar(stream: "BinaryIO | _Hashing", entries: Iterable[Entry]) -> None:
    """Write a tar with time zero, no names of users, and contents streamed in pieces."""
    for entry in with_parents(entries):
        stream.write(_header(entry))
        if entry.content is None:
            continue
        left = entry.content.size
        with entry.content.open() as source:
            while left and (piece := source.read(min(CHUNK, left))):
                stream.write(piece)
                left -= len(piece)
        if left:
            raise OSError(f"{entry.path}: its source ended {left} bytes early")
        stream.write(b"\0" * (-entry.content.size % BLOCK))
    stream.write(b"\0" * (2 * BLOCK))


def _header(entry: Entry) -> bytes:
    info = tarfile.TarInfo(entry.path)
    info.type = _TYPES[entry.kind]
    info.mode, info.uid, info.gid = entry.mode, entry.uid, entry.gid
    info.linkname = entry.target
    info.size = entry.content.size if entry.content else 0
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def tar_bytes(name: str, data: bytes) -> bytes:
    """One small regular file as tar header, data and padding."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    body = io.BytesIO(info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict"))
    body.seek(0, io.SEEK_END)
    body.write(data + b"\0" * (-len(data) % BLOCK))
    return body.getvalue()

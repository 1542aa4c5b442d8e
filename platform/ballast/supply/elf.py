"""Reads which shared libraries an ELF program or library asks for."""

import struct
from dataclasses import dataclass
from typing import IO

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB, _DT_SONAME = 1, 5, 14


@dataclass(frozen=True)
class Linkage:
    """Libraries asked for, and the name the object itself answers to ("" when it has none)."""

    needed: tuple[str, ...]
    soname: str


def linkage(stream: IO[bytes]) -> Linkage | None:
    """Linkage of the 64-bit little-endian ELF object in a seekable stream; None for all else."""
    head = stream.read(64)
    if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
        return None
    table, width, count = (
        struct.unpack_from("<Q", head, 32)[0],
        struct.unpack_from("<H", head, 54)[0],
        struct.unpack_from("<H", head, 56)[0],
    )
    stream.seek(table)
    raw = stream.read(width * count)
    segments = [struct.unpack_from("<IIQQQQ", raw, width * index) for index in range(count)]
    dynamic = next((s for s in segments if s[0] == _PT_DYNAMIC), None)
    if dynamic is None:
        return Linkage((), "")
    stream.seek(dynamic[2])
    body = stream.read(dynamic[5])
    tags = [struct.unpack_from("<qQ", body, at) for at in range(0, len(body) - 15, 16)]
    strings = next((value for tag, value in tags if tag == _DT_STRTAB), None)
    if strings is None:
        return Linkage((), "")
    base = _file_offset(segments, strings)
    needed = tuple(_text(stream, base + value) for tag, value in tags if tag == _DT_NEEDED)
    named = [_text(stream, base + value) for tag, value in tags if tag == _DT_SONAME]
    return Linkage(needed, named[0] if named else "")


def _file_offset(segments: list[tuple[int, ...]], address: int) -> int:
    for kind, _, offset, start, _, size in segments:
        if kind == _PT_LOAD and start <= address < start + size:
            return offset + address - start
    return address


def _text(stream: IO[bytes], offset: int) -> str:
    stream.seek(offset)
    return stream.read(256).split(b"\0", 1)[0].decode("ascii", "replace")

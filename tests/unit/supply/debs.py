"""Makes Debian packages for tests: an `ar` of debian-binary, control.tar and data.tar."""

import io
import lzma
import tarfile
from pathlib import Path


def member(name: str, data: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    info.mtime = 1_700_000_000
    info.uname = "someone"
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def hardlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.LNKTYPE, linkname=target)


def make_deb(
    path: Path, *members: tuple[tarfile.TarInfo, bytes], data_name: str = "data.tar.xz"
) -> Path:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    packed = lzma.compress(plain.getvalue()) if data_name.endswith("xz") else plain.getvalue()
    body = b"!<arch>\n"
    for name, data in (
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", b"odd"),
        (data_name, packed),
    ):
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n"
        body += header.encode() + data + b"\n" * (len(data) % 2)
    path.write_bytes(body)
    return path

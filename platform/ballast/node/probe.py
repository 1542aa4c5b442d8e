"""Try what the node needs of the kernel, in namespaces of our own; standard library only.

Prints a JSON object: for each feature an empty text when it works, otherwise why it does not.
"""

import json
import os
import socket
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ballast.node import kernel

_REQUEST_ACK: Final = 0x5
_RTM_NEWLINK, _CREATE, _IFLA_LINKINFO, _IFLA_KIND = 16, 0x600, 18, 1
_NETLINK_NETFILTER, _NFT_GETGEN = 12, (10 << 8) | 16
_IPT_GET_INFO, _IPT_INFO_SIZE = 64, 84


def main() -> int:
    """Enter throw-away namespaces and try each feature."""
    results: dict[str, str] = {"namespaces": _try(_namespaces)}
    if not results["namespaces"]:
        results["overlayfs"] = _try(_overlay)
        results["veth"] = _try(_veth)
        results["iptables"] = _try(_iptables)
    print(json.dumps(results))
    return 0


def _try(feature: Callable[[], None]) -> str:
    try:
        feature()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _namespaces() -> None:
    kernel.unshare(kernel.NEWNS | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS | kernel.NEWPID)
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)


def _overlay() -> None:
    with tempfile.TemporaryDirectory() as folder:
        kernel.mount("probe", folder, "tmpfs")
        parts = {name: str(Path(folder, name)) for name in ("lower", "upper", "work", "merged")}
        for part in parts.values():
            Path(part).mkdir()
        options = f"lowerdir={parts['lower']},upperdir={parts['upper']},workdir={parts['work']}"
        try:
            kernel.mount("overlay", parts["merged"], "overlay", options=options)
        finally:
            kernel.unmount(folder)


def _veth() -> None:
    kind = _attribute(_IFLA_KIND, b"veth\0")
    link = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, 0, 0)
    _netlink(
        socket.NETLINK_ROUTE,
        _RTM_NEWLINK,
        _REQUEST_ACK | _CREATE,
        link + _attribute(_IFLA_LINKINFO, kind),
    )


def _iptables() -> None:
    generation = struct.pack("=BBH", socket.AF_UNSPEC, 0, 0)
    try:
        _netlink(_NETLINK_NETFILTER, _NFT_GETGEN, _REQUEST_ACK, generation)
    except OSError:
        # No nf_tables: the older interface will do.
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            table = b"nat".ljust(_IPT_INFO_SIZE, b"\0")
            kernel.getsockopt(raw.fileno(), socket.SOL_IP, _IPT_GET_INFO, table)


def _attribute(kind: int, content: bytes) -> bytes:
    padding = b"\0" * (-len(content) % 4)
    return struct.pack("=HH", 4 + len(content), kind) + content + padding


def _netlink(family: int, kind: int, flags: int, payload: bytes) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family) as link:
        link.settimeout(5.0)
        link.send(struct.pack("=IHHII", 16 + len(payload), kind, flags, 1, 0) + payload)
        answer = link.recv(8192)
    if struct.unpack_from("=H", answer, 4)[0] == 2:
        code = -struct.unpack_from("=i", answer, 16)[0]
        if code:
            raise OSError(code, os.strerror(code))

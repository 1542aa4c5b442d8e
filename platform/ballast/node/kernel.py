"""Namespace and mount system calls; standard library only, because pid 1 imports it."""

import ctypes
import os
from typing import Final

NEWNS: Final = 0x00020000
NEWUTS: Final = 0x04000000
NEWIPC: Final = 0x08000000
NEWPID: Final = 0x20000000
NEWNET: Final = 0x40000000

MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
MS_SHARED: Final = 0x100000
_MNT_DETACH: Final = 0x2

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, action: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{action}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Give this process new namespaces; OSError when the kernel refuses."""
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(descriptor: int, kind: int = 0) -> None:
    """Enter the namespace an open /proc/<pid>/ns file stands for; OSError when refused."""
    _check(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount `source` of filesystem `kind` at `target`; OSError names both when refused."""
    result = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(result, f"mount {source} on {target}")


def bind(source: str, target: str) -> None:
    """Show `source` at `target` as well."""
    mount(source, target, flags=MS_BIND | MS_REC)


def unmount(target: str) -> None:
    """Take away the mount at `target`, when the last user is gone."""
    _check(_libc.umount2(target.encode(), ctypes.c_int(_MNT_DETACH)), f"unmount {target}")


def getsockopt(descriptor: int, level: int, option: int, value: bytes) -> bytes:
    """A socket option whose buffer is read as well as written; OSError when refused."""
    buffer = ctypes.create_string_buffer(value, len(value))
    size = ctypes.c_uint(len(value))
    result = _libc.getsockopt(descriptor, level, option, buffer, ctypes.byref(size))
    _check(result, "getsockopt")
    return buffer.raw

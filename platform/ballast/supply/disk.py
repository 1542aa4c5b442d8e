"""A full disk, said as a sentence wherever something is written into the cache."""

import errno
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ballast.errors import BallastError

_FIX = "free some space (df -h), or set BALLAST_CACHE to a folder on a larger disk"


class DiskFullError(BallastError):
    """There is no room for what has to be written."""


@contextmanager
def room_for(what: str, folder: Path) -> Generator[None]:
    """Turn the system's "no space left" inside the block into DiskFullError."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFullError(f"{what}: the disk of {folder} is full", fix=_FIX) from error


def require_room(what: str, folder: Path, needed: int) -> None:
    """Raise DiskFullError when less than `needed` bytes are free where `folder` is."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(
            f"{what} needs {needed >> 20} MiB, {folder} has {free >> 20} MiB free", fix=_FIX
        )

"""A place that may hold binaries by SHA-256: a folder or an HTTP address. It is never trusted."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from ballast.errors import BallastError
from ballast.supply.store import file_sha256


class BinaryCacheError(BallastError):
    """The binary cache could not be used, or gave a wrong object."""


class BinaryCache(Protocol):
    """Objects by SHA-256."""

    def fetch(self, sha256: str, target: Path) -> bool:
        """Write the object to `target`; False when the cache has none. Raises BinaryCacheError."""
        ...


@dataclass(frozen=True)
class FolderCache:
    """Objects are files named by their hash."""

    root: Path

    def fetch(self, sha256: str, target: Path) -> bool:
        """Copy the object, hashing what was copied."""
        source = self.root / sha256
        if not source.is_file():
            return False
        shutil.copyfile(source, target)
        _refuse_other(sha256, target, str(source))
        return True

    def push(self, sha256: str, source: Path) -> bool:
        """Add an object; False when it was there already."""
        target = self.root / sha256
        if target.is_file() and file_sha256(target) == sha256:
            return False
        self.root.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{sha256}.{os.getpid()}")
        shutil.copyfile(source, draft)
        draft.chmod(0o644)
        draft.replace(target)
        return True


@dataclass(frozen=True)
class HttpCache:
    """Objects are at <address>/<sha256>."""

    address: str
    timeout: float = 20.0

    def fetch(self, sha256: str, target: Path) -> bool:
        """Download the object, hashing what arrived."""
        url = f"{self.address.rstrip('/')}/{sha256}"
        try:
            with httpx.stream("GET", url, timeout=self.timeout, follow_redirects=True) as response:
                if response.status_code == 404:
                    return False
                response.raise_for_status()
                with target.open("wb") as file:
                    for block in response.iter_bytes(1 << 20):
                        file.write(block)
        except httpx.HTTPError as error:
            raise BinaryCacheError(
                f"binary cache {url} failed: {error}", fix="check BALLAST_BINARY_CACHE or unset it"
            ) from error
        _refuse_other(sha256, target, url)
        return True


def configured_cache() -> FolderCache | HttpCache | None:
    """The cache that $BALLAST_BINARY_CACHE names: an http(s) address or a folder."""
    value = os.environ.get("BALLAST_BINARY_CACHE", "").strip()
    if not value:
        return None
    if value.startswith(("http://", "https://")):
        return HttpCache(value)
    return FolderCache(Path(value.removeprefix("file://")).expanduser())


def _refuse_other(sha256: str, target: Path, source: str) -> None:
    found = file_sha256(target)
    if found != sha256:
        target.unlink()
        raise BinaryCacheError(
            f"{source} has SHA-256 {found}, not the one it is named by: refused",
            fix="delete that object from the binary cache",
        )

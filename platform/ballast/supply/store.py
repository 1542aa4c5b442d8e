"""Verified binaries on disk: bin/<sha256>/<name>, trusted by hash and cheap to check again."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ballast.paths import cache_dir


@dataclass(frozen=True)
class BinaryStore:
    """A folder of executables by SHA-256, each with a stamp of what the file was when hashed."""

    root: Path

    @classmethod
    def default(cls) -> "BinaryStore":
        """The store of this machine's cache."""
        return cls(cache_dir() / "bin")

    def path(self, name: str, sha256: str) -> Path:
        """Where the binary lives, whether it is there or not."""
        return self.root / sha256 / name

    def find(self, name: str, sha256: str) -> Path | None:
        """The binary when its content is right; hashes it only when the file changed."""
        path = self.path(name, sha256)
        try:
            identity = _identity(path)
        except FileNotFoundError:
            return None
        if _read_stamp(path) == identity:
            return path
        return path if self.verify(name, sha256) else None

    def verify(self, name: str, sha256: str) -> bool:
        """Hash the binary again; True when it is there and right."""
        path = self.path(name, sha256)
        if not path.is_file() or file_sha256(path) != sha256:
            _stamp_path(path).unlink(missing_ok=True)
            return False
        _write_stamp(path)
        return True

    def install(self, name: str, sha256: str, source: Path) -> Path:
        """Move a file whose hash was checked into the store, atomically; `source` disappears."""
        path = self.path(name, sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(0o755)
        source.replace(path)
        _write_stamp(path)
        return path

    def staging(self) -> Path:
        """A folder on the same file system for files that are not checked yet."""
        folder = self.root / ".staging"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def clear_staging(self) -> None:
        """Drop what a killed run left; only for the holder of the build lock."""
        shutil.rmtree(self.root / ".staging", ignore_errors=True)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _identity(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _stamp_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.verified")


def _read_stamp(path: Path) -> object:
    try:
        return json.loads(_stamp_path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _write_stamp(path: Path) -> None:
    stamp = _stamp_path(path)
    draft = stamp.with_name(f"{stamp.name}.{os.getpid()}")
    draft.write_text(json.dumps(_identity(path)), encoding="utf-8")
    draft.replace(stamp)

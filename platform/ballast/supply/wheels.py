"""The third-party Python packages of the services, exactly as uv.lock has them."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ballast.errors import BallastError
from ballast.paths import cache_dir, repository_root
from ballast.supply.entry import Entry
from ballast.supply.folder import COMPILED, folder_entries

PACKAGES = ("todo-gateway", "todo-tasks", "todo-scheduler", "todo-notifications", "todo-analytics")
PYTHON = "3.11"
# Written by the installer about itself, or needed only to build and test a package.
LEFT_OUT = (
    *COMPILED,
    "RECORD",
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    "uv_cache.json",
    "tests",
    "bin",
    ".lock",
    "*.pyi",
    "*.pxd",
    "*.c",
    "*.h",
)


# uv refuses a flag against compiled files when the environment asks for them: set it there too.
_SETTINGS = {
    "UV_PYTHON_PREFERENCE": "only-system",
    "UV_NO_PROGRESS": "1",
    "UV_COMPILE_BYTECODE": "0",
}


class WheelError(BallastError):
    """The locked Python packages could not be installed for the images."""


def requirements(root: Path | None = None) -> str:
    """Locked requirements of all services with their hashes, one text for all images.

    The answer for a given uv.lock is remembered. Raises WheelError.
    """
    root = root or repository_root()
    key = hashlib.sha256()
    for path in (root / "uv.lock", root / "pyproject.toml", *sorted(root.glob("apps/*/*.toml"))):
        key.update(path.read_bytes())
    remembered = cache_dir() / "wheels" / "requirements" / f"{key.hexdigest()}.txt"
    if remembered.is_file():
        return remembered.read_text(encoding="utf-8")
    arguments = ["export", "--frozen", "--no-emit-workspace", "--no-dev", "--no-header"]
    arguments += ["--no-annotate", *(word for name in PACKAGES for word in ("--package", name))]
    text = _uv([*arguments, "--quiet"], root)
    remembered.parent.mkdir(parents=True, exist_ok=True)
    draft = remembered.with_suffix(f".{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(remembered)
    return text


def install(text: str, prefix: str, scratch: Path) -> list[Entry]:
    """Install requirements into `scratch`; entries placed under `prefix`. Raises WheelError."""
    listed, target = scratch / "requirements.txt", scratch / "site"
    listed.write_text(text, encoding="utf-8")
    arguments = ["pip", "install", "--target", str(target), "--python-version", PYTHON]
    arguments += ["--python-platform", "x86_64-manylinux_2_28", "--no-deps", "--require-hashes"]
    arguments += ["--only-binary", ":all:", "--link-mode", "copy"]
    _uv([*arguments, "--requirement", str(listed), "--quiet"], scratch)
    return folder_entries(target, prefix, LEFT_OUT)


def find_uv() -> str:
    """The uv that runs this project. Raises WheelError when there is none."""
    candidates = [os.environ.get("UV", ""), str(Path(sys.executable).parent / "uv")]
    candidates += [shutil.which("uv") or ""]
    candidates += [str(path) for path in sorted((cache_dir() / "tools").glob("uv*/bin/uv"))]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise WheelError("uv is not here", "run `make up`, which installs it")


def _uv(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [find_uv(), *arguments],
        cwd=folder,
        env=os.environ | _SETTINGS,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise WheelError(
            f"uv {arguments[0]} failed: {done.stderr.strip()[-500:]}",
            "check the network and uv.lock (`uv lock --check`), then build again",
        )
    return done.stdout

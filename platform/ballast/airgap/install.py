"""Putting the stand-ins where the engine looks for plugins, only while the official are absent."""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from ballast.errors import BallastError

PROVIDER = "pulumi-resource-kubernetes"
LANGUAGE_HOST = "pulumi-language-python"
_MARK = "# Ballast's offline stand-in"

Origin = Literal["official", "offline stand-in", "absent"]


@dataclass(frozen=True)
class PluginStatus:
    """Which implementation the engine would start for each plugin."""

    provider: Origin
    language_host: Origin


def provider_folder(pulumi_home: Path) -> Path:
    """Where the engine expects the provider of the installed SDK's version."""
    return pulumi_home / "plugins" / f"resource-kubernetes-v{version('pulumi-kubernetes')}"


def language_host_folder(pulumi_home: Path) -> Path:
    """Folder of the language host, and of the engine that is to find it there."""
    return pulumi_home / "bin"


def install(pulumi_home: Path) -> None:
    """Write a launcher for each plugin whose official build is absent; BallastError when the
    folder cannot be written. Repeating it changes nothing."""
    wanted = (
        (provider_folder(pulumi_home) / PROVIDER, "ballast.airgap.provider"),
        (language_host_folder(pulumi_home) / LANGUAGE_HOST, "ballast.airgap.language_host"),
    )
    for path, module in wanted:
        if _origin(path) == "official" or _official_on_path(path.name):
            _remove_stand_in(path)
            continue
        try:
            _write_launcher(path, module)
        except OSError as error:
            raise BallastError(
                f"cannot write the plugin {path}: {error.strerror}",
                "free some space or point PULUMI_HOME at a folder you may write",
            ) from error


def place_engine(pulumi_home: Path, pulumi: Path) -> Path:
    """The engine's executable to start: beside the stand-in language host, or as it is when an
    official host is present. The engine looks for the host beside itself before anywhere else."""
    if status(pulumi_home).language_host != "offline stand-in":
        return pulumi
    placed = language_host_folder(pulumi_home) / "pulumi"
    if placed.exists() and placed.samefile(pulumi):
        return placed
    fresh = placed.with_name(f".pulumi.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    try:
        fresh.hardlink_to(pulumi)
    except OSError:
        shutil.copy2(pulumi, fresh)  # another file system
    fresh.replace(placed)
    return placed


def status(pulumi_home: Path) -> PluginStatus:
    """What would be started now."""
    return PluginStatus(
        provider=_in_use(provider_folder(pulumi_home) / PROVIDER),
        language_host=_in_use(language_host_folder(pulumi_home) / LANGUAGE_HOST),
    )


def _in_use(path: Path) -> Origin:
    return "official" if _official_on_path(path.name) else _origin(path)


def _origin(path: Path) -> Origin:
    if not path.exists():
        return "absent"
    with path.open("rb") as stream:
        head = stream.read(200)
    return "offline stand-in" if _MARK.encode() in head else "official"


def _official_on_path(name: str) -> bool:
    """The engine prefers a plugin on PATH, and a language host beside its own executable."""
    places = os.environ.get("PATH", "").split(os.pathsep)
    engine = shutil.which("pulumi")
    if engine:
        places.append(str(Path(engine).resolve().parent))
    return any(_origin(Path(place) / name) == "official" for place in places if place)


def _write_launcher(path: Path, module: str) -> None:
    # -P keeps the program's folder off the import path: it must not shadow what a plugin imports.
    # Compiled modules must be kept: without them each start compiles the SDK anew, for seconds.
    lines = (
        "#!/bin/sh",
        _MARK,
        "unset PYTHONDONTWRITEBYTECODE",
        f'exec "{sys.executable}" -P -m {module} "$@"',
    )
    text = "\n".join(lines) + "\n"
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.chmod(0o755)
    fresh.replace(path)


def _remove_stand_in(path: Path) -> None:
    if _origin(path) == "offline stand-in":
        path.unlink()

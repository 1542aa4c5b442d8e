"""Where Ballast keeps what it builds and what it runs."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """Folder of rebuildable artefacts, shared by every checkout ($BALLAST_CACHE overrides it)."""
    return Path(os.environ.get("BALLAST_CACHE") or Path.home() / ".cache" / "ballast")


def state_dir() -> Path:
    """Folder of live state: node data, Pulumi state, gate runs ($BALLAST_HOME overrides it)."""
    return Path(os.environ.get("BALLAST_HOME") or Path.home() / ".local" / "share" / "ballast")


def repository_root() -> Path:
    """Root of the checkout this package runs from."""
    return Path(__file__).resolve().parents[2]

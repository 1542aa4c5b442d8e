"""The stack of the embedded node, with everything it needs on this machine."""

import os
import secrets
from pathlib import Path
from typing import Final

from ballast.engine.stack import Engine
from ballast.supply import build

STACK: Final = "embedded"


def embedded(state: Path) -> Engine:
    """The engine of the embedded stack; makes its passphrase and ensures pulumi and helm.

    `state` is Ballast's state folder. Raises BallastError when a program cannot be built.
    """
    home = state / "pulumi"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    programs = build.ensure_binaries(("pulumi", "helm"))
    return Engine(
        stack=STACK,
        pulumi=programs["pulumi"],
        helm=programs["helm"],
        home=home,
        passphrase_file=ensure_passphrase(home / "passphrase"),
    )


def ensure_passphrase(path: Path) -> Path:
    """A random passphrase that only this user can read; an existing one is kept."""
    if not path.exists():
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(32))
        fresh.replace(path)
    return path

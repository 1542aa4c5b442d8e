"""The real GitServer on a bare repository of this disk."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from ballast.gitserver import GitServer


class NoPassword:
    """A repository on this disk needs no token."""

    def token(self, *, renew: bool = False) -> str:
        """Asked for and not looked at."""
        return "unused"

    def ensure_repository(self) -> None:
        """It is there."""


def git_server(folder: Path, files: Mapping[str, str]) -> GitServer:
    """A server in `folder` whose first commit has these files."""
    bare = folder / "server.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(bare)], check=True)
    server = GitServer(url=f"file://{bare}", access=NoPassword(), folder=folder / "clone")
    server.commit_files("Begin", files)
    return server

"""The in-cluster Git server as Ballast writes to it: seed, commit, read, revert; never force."""

from ballast.gitserver.access import SoftServeAccess, TokenSource
from ballast.gitserver.clone import GitServerError
from ballast.gitserver.server import GitServer

__all__ = ["GitServer", "GitServerError", "SoftServeAccess", "TokenSource"]

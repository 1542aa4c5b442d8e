"""The in-cluster Git server as Ballast writes to it: seed, commit, read, revert; never force."""

from ballast.gitserver.access import SoftServeAccess, TokenSource
from ballast.gitserver.clone import GitServerError
from ballast.gitserver.server import Change, GitServer

__all__ = ["Change", "GitServer", "GitServerError", "SoftServeAccess", "TokenSource"]

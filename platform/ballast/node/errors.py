"""Failures of the embedded node."""

from ballast.errors import BallastError


class NodeError(BallastError):
    """The node could not do what was asked; `fix` says what to try next."""

"""The one base of every failure that a user should read as a sentence."""


class BallastError(Exception):
    """A failure with its remedy: `fix` says what to do next, or is empty."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix

"""What can go wrong between us and a Kubernetes API server."""

from collections.abc import Sequence
from dataclasses import dataclass

from ballast.errors import BallastError

UNREACHABLE = 0


@dataclass(frozen=True)
class Cause:
    """One field the API server objected to."""

    field: str
    reason: str
    message: str


class KubeApiError(BallastError):
    """A refused request: `status` is the HTTP code, or UNREACHABLE when no answer came at all."""

    def __init__(
        self, status: int, message: str, causes: Sequence[Cause] = (), fix: str = ""
    ) -> None:
        super().__init__(message, fix)
        self.status = status
        self.message = message
        self.causes = tuple(causes)


class WaitTimeoutError(BallastError):
    """An object did not become ready in time; `last` is what the server showed at the end."""

    def __init__(self, message: str, last: dict[str, object] | None, fix: str = "") -> None:
        super().__init__(message, fix)
        self.last = last


class PodCommandError(BallastError):
    """A command in a pod failed; carries both streams, and the exit code when there was one."""

    def __init__(self, message: str, exit_code: int | None, stdout: str, stderr: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.stdout = stdout
        self.stderr = stderr

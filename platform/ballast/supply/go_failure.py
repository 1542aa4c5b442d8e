"""What a failing go command means, in one sentence with a remedy."""

import re
from pathlib import Path

from ballast.errors import BallastError


class GoBuildError(BallastError):
    """A Go command failed; `log` is the file with all it said."""

    def __init__(self, message: str, fix: str = "", *, log: Path | None = None) -> None:
        super().__init__(message, fix)
        self.log = log


_UNREACHABLE = re.compile(
    r"dial tcp|no such host|connection refused|i/o timeout|network is unreachable"
    r"|TLS handshake timeout|proxyconnect|x509: |module lookup disabled by GOPROXY=off"
)
_ABSENT = re.compile(
    r"404 Not Found|410 Gone|403 Forbidden|unknown revision|not available|no matching versions"
)
_COMPILE_ERROR = re.compile(r"\.go:\d+(:\d+)?: ")
_WRONG = re.compile(r"checksum mismatch|SECURITY ERROR|invalid checksum|zip: checksum error")


def explain_go_failure(subject: str, output: str, log: Path | None = None) -> GoBuildError:
    """The error for a failed go command about `subject`, read from what it printed."""
    where = f" (all of it: {log})" if log else ""
    reason = _telling_line(output)
    if "no space left on device" in output:
        return GoBuildError(
            f"{subject}: the disk is full{where}",
            fix="free some space (df -h) and run again: compiled packages are kept",
            log=log,
        )
    if "cannot allocate memory" in output or "signal: killed" in output:
        return GoBuildError(
            f"{subject}: the compiler ran out of memory{where}",
            fix="close other programs or add swap (4 GiB are needed) and run again",
            log=log,
        )
    if _WRONG.search(output):
        return GoBuildError(
            f"{subject}: a module is not what the Go checksum database says: {reason}{where}",
            fix="do not switch verification off: clear the module cache of that module, or use "
            "another GOPROXY",
            log=log,
        )
    if _UNREACHABLE.search(output):
        return GoBuildError(
            f"{subject}: the Go module source cannot be reached: {reason}{where}",
            fix="check the network, HTTPS_PROXY and GOPROXY, or set BALLAST_BINARY_CACHE",
            log=log,
        )
    if _ABSENT.search(output):
        return GoBuildError(
            f"{subject}: a module version is not published: {reason}{where}",
            fix="choose another version in supply.lock, or a GOPROXY that has it",
            log=log,
        )
    return GoBuildError(f"{subject}: go failed: {reason}{where}", fix="read the log", log=log)


def _telling_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for pattern in (_WRONG, _UNREACHABLE, _ABSENT):
        for line in lines:
            if pattern.search(line):
                return line
    for line in lines:
        if _COMPILE_ERROR.search(line):
            return line
    # What is left are the names of compiled packages and, last, what stopped them.
    spoken = [line for line in lines if not line.startswith(("#", "go: downloading"))]
    return spoken[-1] if spoken else "it printed nothing"

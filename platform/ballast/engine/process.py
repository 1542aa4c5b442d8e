"""One run of the pulumi program: its lines as they come, and a Ctrl-C it can answer."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ballast.engine.outcome import EngineError

# After a first interrupt the engine lets running operations end; longer than this is stuck.
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Completed:
    """Exit code and everything the program printed."""

    code: int
    output: str


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
) -> Completed:
    """Run to the end; a KeyboardInterrupt is passed on once and raised after an orderly end."""
    try:
        process = subprocess.Popen(
            [*_bound_to_us(), *command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # the terminal's Ctrl-C reaches it through us, exactly once
        )
    except OSError as error:
        raise EngineError(
            f"the pulumi program {command[0]} cannot be run: {error.strerror}",
            "build it: ballast supply build pulumi",
        ) from error
    lines: list[str] = []
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for above
        for line in process.stdout:
            lines.append(line)
            on_line(line.rstrip("\n"))
        process.wait()
    except BaseException:
        _end(process)
        raise
    return Completed(process.returncode, "".join(lines))


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_PATIENCE_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.communicate()


def _bound_to_us() -> list[str]:
    """A prefix that interrupts the program when we are killed, so that no run outlives us."""
    tool = shutil.which("setpriv")
    return [tool, "--pdeathsig", "INT", "--"] if tool else []

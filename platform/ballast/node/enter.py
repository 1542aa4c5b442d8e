"""Run a program inside the node's namespaces: `enter <pid 1> program args...`; stdlib only."""

import os
import signal
import sys
from types import FrameType

from ballast.node import kernel

_KINDS = ("ipc", "uts", "net", "pid", "mnt")


def main(pid: str, argv: list[str]) -> int:
    """Enter, run, pass signals on, return the exit code as a shell would (128 + signal)."""
    # All are opened before the first is entered: /proc changes with the mount namespace.
    descriptors = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in _KINDS]
    for descriptor in descriptors:
        kernel.setns(descriptor)
    os.chdir("/")
    child = os.fork()
    if child == 0:
        try:
            os.execvp(argv[0], argv)  # noqa: S606 - the caller's program, no shell wanted
        except OSError as error:
            print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
            os._exit(127)

    def forward(number: int, _: FrameType | None) -> None:
        os.kill(child, number)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

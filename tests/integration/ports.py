"""TCP ports for the servers that tests start."""

import os
import random
import socket

# Below the ports that the kernel gives to outgoing connections: one of those could take a port
# between our asking and the server's start. Each process that runs tests has a range of its own.
FIRST, PER_PROCESS = 20_000, 1_500
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
_next = random.randrange(PER_PROCESS)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on and that this process has not named lately."""
    global _next  # noqa: PLW0603 - the process's place in its range
    for _ in range(PER_PROCESS):
        _next = (_next + 1) % PER_PROCESS
        port = FIRST + _PROCESS * PER_PROCESS + _next
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("every port of this process's range is taken")

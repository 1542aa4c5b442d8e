"""Sets how long a file of some processes may become: `file_limit USER GROUP SOFT PID...`, by id.

Standard library only. It becomes the user of those processes first: the kernel lets nobody else do
this who may not do it to all of the machine. A process that has ended is passed over, and so is one
that is still on its way into the container and half another user: the caller comes again.
"""

import contextlib
import os
import resource
import sys


def main(user: int, group: int, soft: int, pids: list[int]) -> int:
    """Leave the hard limit as it is, so that the soft one can be raised again."""
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
    return 0


if __name__ == "__main__":
    user, group, soft, *pids = map(int, sys.argv[1:])
    sys.exit(main(user, group, soft, pids))

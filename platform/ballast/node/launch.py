"""From one plain process to pid 1 of a new world; standard library only.

`main` is called with the path of the boot description and the descriptor of the node's lock, in a
process of its own. It gives 0 once the supervisor runs and its identity is saved; otherwise it
prints one line why and gives 1.
"""

import os
import socket
import sys
import time
import traceback
from pathlib import Path

from ballast.node import cgroups, kernel, mounts, network
from ballast.node.boot import Boot, load_boot
from ballast.node.liveness import Identity, boot_id, start_ticks
from ballast.node.supervisor import Supervisor


def main(path: str, lock: int) -> int:
    """Build the namespaces, fork the supervisor into them, say who it is."""
    boot = load_boot(Path(path))
    try:
        host_network = os.open("/proc/self/ns/net", os.O_RDONLY)
        cgroups.create(boot.cgroup, cgroups.mounted())
        kernel.unshare(kernel.NEWNET)
        network.configure(boot.ip, boot.environment)
        network.link_iptables(boot.iptables, Path(boot.tools), boot.environment)
        kernel.unshare(kernel.NEWNS | kernel.NEWIPC | kernel.NEWUTS | kernel.NEWPID)
        return _fork(boot, host_network, lock)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


def _fork(boot: Boot, host_network: int, lock: int) -> int:
    go_read, go_write = os.pipe()
    said_read, said_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(lock)
        os.close(go_write)
        os.close(said_read)
        _become_supervisor(boot, host_network, go_read, said_write)
    os.close(go_read)
    os.close(said_write)
    identity = Identity(pid, start_ticks(pid), boot_id(), time.time(), boot.digest())
    identity.save(Path(boot.identity))
    # Without this byte the child ends: there is never a supervisor nobody knows of.
    os.write(go_write, b"1")
    with os.fdopen(said_read) as said:
        problem = said.read()
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


def _become_supervisor(boot: Boot, host_network: int, go: int, said: int) -> None:
    code = 1
    try:
        if os.read(go, 1) == b"1":
            os.setsid()
            log = os.open(
                Path(boot.log) / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644
            )
            null = os.open("/dev/null", os.O_RDONLY)
            for source, target in ((null, 0), (log, 1), (log, 2)):
                os.dup2(source, target)
            os.chdir("/")
            mounts.isolate(boot.keep, boot.binds)
            socket.sethostname(boot.hostname)
            os.close(said)
            Supervisor(boot, host_network).run()
            code = 0
    except OSError as error:
        traceback.print_exc()
        _say(said, str(error))
    finally:
        os._exit(code)


def _say(descriptor: int, problem: str) -> None:
    try:
        os.write(descriptor, problem.encode())
    except OSError:
        # The launcher has already seen a good start; the log has the rest.
        return

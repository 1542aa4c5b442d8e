"""Rules in a pod's network that lose packets to and from some addresses, or lead them elsewhere."""

import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from ballast.errors import BallastError
from ballast.node.boot import load_boot
from ballast.node.containers import network_of, processes_of
from ballast.node.layout import Layout

CHAIN = "BALLAST-CHAOS"
_HOOKS = {"filter": ("INPUT", "OUTPUT"), "nat": ("OUTPUT",)}


def lose(pod: str, addresses: Sequence[str], share: float) -> None:
    """Lose this share of the packets between a pod (UID) and the addresses, both ways."""
    some = ["-m", "statistic", "--mode", "random", "--probability", f"{share:.4f}"]
    chance = some if share < 1 else []
    with _inside(pod):
        _must("filter", "-N", CHAIN)
        for address in addresses:
            for side in ("-s", "-d"):
                _must("filter", "-A", CHAIN, side, address, *chance, "-j", "DROP")
        _hook("filter")


def redirect(pod: str, addresses: Sequence[str], port: int, mark: int) -> None:
    """Lead connections of a pod (UID) to the addresses to a port of its own instead.

    What carries the mark goes through. Connections that were open are reset: they would go on
    where they went before.
    """
    own = ["-m", "mark", "--mark", str(mark), "-j", "RETURN"]
    with _inside(pod):
        for table in ("nat", "filter"):
            _must(table, "-N", CHAIN)
            _must(table, "-A", CHAIN, *own)
        for address in addresses:
            there = ["-p", "tcp", "-d", address, "-j"]
            _must("nat", "-A", CHAIN, *there, "REDIRECT", "--to-ports", str(port))
            _must("filter", "-A", CHAIN, *there, "REJECT", "--reject-with", "tcp-reset")
        _hook("nat")
        _must("filter", "-I", "OUTPUT", "-j", CHAIN)


def lost(pod: str) -> int:
    """Packets that the rules have lost so far; 0 without rules."""
    with network_of(processes_of(pod)) as inside:
        listed = _iptables("filter", "-L", CHAIN, "-n", "-v", "-x") if inside else None
    if listed is None or listed.returncode != 0:
        return 0
    rows = [line.split() for line in listed.stdout.splitlines()]
    return sum(int(row[0]) for row in rows if len(row) > 2 and row[2] == "DROP")


def restore(pod: str) -> None:
    """Take the rules away; BallastError when some are left. A pod that is gone has none."""
    with network_of(processes_of(pod)) as inside:
        for table, hooks in _HOOKS.items() if inside else ():
            for hook in hooks:
                while _iptables(table, "-D", hook, "-j", CHAIN).returncode == 0:
                    pass
            _iptables(table, "-F", CHAIN)
            _iptables(table, "-X", CHAIN)
            if _iptables(table, "-L", CHAIN, "-n").returncode == 0:
                raise BallastError(
                    f"rules of an experiment are left in the network of pod {pod}",
                    "Delete the pod: it is replaced.",
                )


@contextmanager
def _inside(pod: str) -> Generator[None]:
    with network_of(processes_of(pod)) as inside:
        if not inside:
            raise BallastError(
                f"pod {pod} has no network on this machine",
                "This fault needs the embedded node: ballast node status.",
            )
        yield


def _hook(table: str) -> None:
    for hook in _HOOKS[table]:
        _must(table, "-I", hook, "-j", CHAIN)


def _must(table: str, *arguments: str) -> None:
    done = _iptables(table, *arguments)
    if done.returncode != 0:
        raise BallastError(f"iptables {' '.join(arguments)}: {done.stderr.strip()}")


def _iptables(table: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # The node's own program: this machine need not have one.
    program = str(Layout.default().tools / "bin" / "iptables")
    environment = load_boot(Layout.default().boot).environment
    return subprocess.run(
        [program, "-t", table, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

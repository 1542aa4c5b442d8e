"""The node's network: a namespace whose only links end inside it; standard library only."""

import subprocess
from pathlib import Path
from typing import Final

from ballast.node import addresses

# The service range needs a route, or the node's own connections to it fail before they are
# translated. There is no default route: whatever is outside cannot be reached. Without ARP, what
# is not translated yet vanishes instead of failing: a pod that starts before kube-proxy has its
# rules sees its first packet lost and its next one arrive.
_LINKS: Final = f"""\
link set lo up
link add node0 type veth peer name node0p
addr add {addresses.NODE_CIDR} dev node0
link set node0p up
link set node0 arp off
link set node0 up
route add {addresses.SERVICE_CIDR} dev node0
"""

_SYSCTLS: Final = {"ip_forward": "1", "conf/all/rp_filter": "0", "conf/default/rp_filter": "0"}


def configure(ip: str, environment: dict[str, str]) -> None:
    """Set up the current network namespace with the `ip` program; OSError says what failed."""
    done = subprocess.run(
        [ip, "-batch", "-"],
        input=_LINKS,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise OSError(f"ip could not set up the node's network: {done.stderr.strip()}")
    for name, value in _SYSCTLS.items():
        Path("/proc/sys/net/ipv4", name).write_text(value)


IPTABLES: Final = tuple(
    f"{family}{verb}" for family in ("iptables", "ip6tables") for verb in ("", "-save", "-restore")
)


def link_iptables(candidates: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Name the first candidate that works here iptables; OSError when none does.

    Called in the node's network namespace: even listing rules can create tables.
    """
    problems: list[str] = []
    for program in candidates:
        probe = [program, "iptables", "-t", "nat", "-S"]
        done = subprocess.run(probe, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            for name in IPTABLES:
                (folder / name).unlink(missing_ok=True)
                (folder / name).symlink_to(program)
            return
        problems.append(done.stderr.strip())
    raise OSError(f"no iptables works with this kernel: {'; '.join(problems)}")

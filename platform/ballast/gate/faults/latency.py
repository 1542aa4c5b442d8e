"""All that a service and a backing store tell each other arrives late, each way. Proof: bytes went
through the relay that delays them, and the store's first word came that much later than before.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.faults import firewall
from ballast.gate.faults.fault import Facts, Fault
from ballast.gate.faults.loss import connects_again, prepare, undo
from ballast.gate.faults.peer import Peer, peer_of
from ballast.gate.order import Site
from ballast.node.containers import network_of, processes_of

DELAY_SECONDS: Final = 0.1
MARK: Final = 0xBA11
ANSWER_SECONDS: Final = 10.0
_HTTP: Final = b"GET / HTTP/1.0\r\n\r\n"
# What a server answers before anybody has signed in.
HELLO: Final = {
    "postgres": bytes.fromhex("0000000804d2162f"),  # SSLRequest
    "broker": bytes.fromhex("0000000a0012000000000001ffff"),  # ApiVersions 0
    "redis": b"PING\r\n",
    "vault": _HTTP,
    "schema-registry": _HTTP,
}


def first_word(pod: str, peer: Peer, hello: bytes) -> float | None:
    """Seconds from the first byte sent by a pod (UID) to the first received; None without any."""
    with network_of(processes_of(pod)) as inside:
        if not inside:
            return None
        try:
            with socket.create_connection((peer.address, peer.port), ANSWER_SECONDS) as opened:
                start = time.monotonic()
                opened.sendall(hello)
                return time.monotonic() - start if opened.recv(1) else None
        except OSError:
            return None


def _inject(site: Site, facts: Facts) -> Facts:
    uids, name = facts["uids"], str(site.entry.peer)
    hello = HELLO.get(name)
    if hello is None:
        raise BallastError(f"nobody knows how to ask {name} for a first word")
    peer = peer_of(site, name)
    before = first_word(uids[0], peer, hello)
    at = time.time()
    carried: list[int] = []
    words: list[float | None] = []
    try:
        with _relays(uids, peer, carried):
            proven_at = time.time()
            while time.time() < at + (site.entry.seconds or 0):
                words.append(first_word(uids[0], peer, hello))
                time.sleep(DELAY_SECONDS)
    finally:
        undo(Path(), facts)
    heard = [word for word in words if word is not None]
    return {
        "at": at,
        "until": time.time(),
        "proven_at": proven_at,
        "peer": f"{peer.address}:{peer.port}",
        "before_s": before,
        "asked": len(words),
        "answered": len(heard),
        "fastest_s": min(heard, default=0.0),
        "bytes_carried": sum(carried),
        "connects_again": connects_again(site, uids[0], peer),
    }


@contextmanager
def _relays(uids: list[str], peer: Peer, carried: list[int]) -> Generator[None]:
    """A relay in the network of each pod; what each carried is added in the end."""
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("relay.py"))]
    running: list[subprocess.Popen[str]] = []
    try:
        for uid in uids:
            with network_of(processes_of(uid)):
                relay = subprocess.Popen(
                    [*command, str(MARK), str(DELAY_SECONDS)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            running.append(relay)
            port = relay.stdout.readline().strip() if relay.stdout else ""
            if not port:
                raise BallastError(f"the relay in the network of pod {uid} did not start")
            firewall.redirect(uid, peer.addresses, int(port), MARK)
        yield
    finally:
        for uid in uids:
            firewall.restore(uid)
        for relay in running:
            said, _ = relay.communicate()
            carried.append(int(said or 0))


def _doubt(facts: Facts, _: FaultProof) -> str:
    peer, before = facts.get("peer"), facts.get("before_s")
    if before is None:
        return f"{peer} said nothing before the fault either"
    if not facts["bytes_carried"]:
        return f"nothing to or from {peer} was delayed"
    if not facts["answered"]:
        return f"{peer} said nothing during the fault: it was cut off and not delayed"
    if facts["fastest_s"] < 2 * DELAY_SECONDS:
        return f"{peer} answered within {facts['fastest_s'] * 1000:.0f} ms during the fault"
    return ""


FAULT: Final = Fault(
    "Delay what {target} and {peer} tell each other", prepare, _inject, _doubt, undo
)

"""Freezer, limits, packet loss and certificates on real processes: proven from outside, undone.

The containers are made here, under a node of their own name: no cluster is needed.
"""

import dataclasses
import datetime
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults import FAULTS, expire, firewall, latency
from ballast.gate.faults.freezer import freeze, is_frozen
from ballast.gate.faults.health import HealthCheck
from ballast.gate.faults.peer import connects
from ballast.gate.injection import INJECTED, undo_in
from ballast.gate.order import Order, Site
from ballast.gate.run_folder import RunFolder, clean_interrupted
from ballast.node.boot import Boot
from ballast.node.cgroups import mounted, remove
from ballast.node.containers import group_of, network_of, processes_of
from ballast.node.hostroot import HostRoot
from ballast.node.layout import Layout
from ballast.node.network import link_iptables
from ballast.supply.host_root import ensure_host_root

NETWORK = Path("/proc/thread-self/ns/net")
POD, CONTAINER = str(uuid.uuid4()), "c0ffee"
SERVER = """
import ctypes, fcntl, http.server, socket, struct, sys, tempfile, threading, time
if ctypes.CDLL(None).unshare(0x40000000): sys.exit("no network namespace")
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))  # the interface is up
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("content-length", "0"); self.end_headers()
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("", 8080), Handler)
print("serves", flush=True)
def busy():
    while True: pass
def grows():
    kept = []
    while True:
        kept.append(bytearray(b"x" * 2**20)); time.sleep(0.01)
def writes():
    with tempfile.TemporaryFile(buffering=0) as file:
        while True:
            try: file.write(b"x"); print("written", flush=True)
            except OSError as refused: print(refused.strerror, flush=True)
            time.sleep(0.02)
if len(sys.argv) > 1:
    threading.Thread(target=globals()[sys.argv[1]], daemon=True).start()
server.serve_forever()
"""


@pytest.fixture
def node(tmp_path, monkeypatch):
    """An empty node of this test: its control groups go with it."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it makes control groups and namespaces")
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path / "home"))
    layout = Layout.default()
    yield layout
    remove(layout.cgroup, mounted())


@pytest.fixture
def container(node, request):
    """A server in a container of a pod, with a network of its own."""
    made = _groups(node)
    needed = {"freezer", "cpu", "pids", "memory"}
    if not needed <= set(made):
        pytest.skip(f"this kernel has no control group of {', '.join(needed - set(made))}")
    command = [sys.executable, "-c", SERVER, *getattr(request, "param", [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if process.stdout.readline().strip() != "serves":
        pytest.skip("this kernel gives no network namespace")
    for group in set(made.values()):
        (group / "cgroup.procs").write_text(str(process.pid))
    yield process
    process.kill()
    frozen = made["freezer"] / "freezer.state"
    if frozen.exists():
        frozen.write_text("THAWED")
    process.wait()


def _groups(layout: Layout) -> dict[str, Path]:
    made: dict[str, Path] = {}
    for tree in sorted(mounted(), key=lambda tree: tree.unified):
        controllers = tree.controllers or (
            set((tree.path / "cgroup.controllers").read_text().split()) | {"freezer"}
        )
        if tree.unified and "freezer" in made:
            continue
        for controller in {"freezer", "cpu", "pids", "memory"} & set(controllers):
            group = tree.path / layout.cgroup / f"kubepods/burstable/pod{POD}" / CONTAINER
            if tree.unified:
                _delegate(tree.path, group.parent)
            group.mkdir(parents=True, exist_ok=True)
            made[controller] = group
    return made


def _delegate(root: Path, group: Path) -> None:
    parts = group.relative_to(root).parts
    for depth in range(len(parts) + 1):
        folder = root.joinpath(*parts[:depth])
        folder.mkdir(exist_ok=True)
        (folder / "cgroup.subtree_control").write_text("+cpu +pids +memory")


@pytest.fixture
def site(tmp_path):
    """An order on the pod, on a cluster that knows this one pod."""

    def make(fault: str, **fields) -> Site:
        entry = {"fault": fault, "target": "task-service", **fields}
        order = Order.model_validate(
            {
                "name": fault,
                "entry": entry,
                "kubeconfig": tmp_path / "kubeconfig",
                "namespace": "todo-app-dev",
                "samples": tmp_path / "samples.csv",
                "seed": 1,
                "folder": tmp_path / "runs/run/chaos" / fault,
                "patience": 20.0,
            }
        )
        order.folder.mkdir(parents=True)
        return Site(OnePod(), order)

    return make


class OnePod:
    """The API server's answers about one pod."""

    POD: ClassVar = {
        "metadata": {"name": "a", "uid": POD, "namespace": "todo-app-dev", "labels": {"app": "x"}},
        "spec": {
            "containers": [
                {
                    "name": "daprd",
                    "livenessProbe": {"httpGet": {"path": "/", "port": "http"}},
                    "ports": [{"name": "http", "containerPort": 8080}],
                }
            ]
        },
        "status": {
            "podIP": "127.0.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "daprd", "containerID": f"containerd://{CONTAINER}"}],
        },
    }

    def list(self, api_version: str, kind: str, namespace: str, selector: str) -> list[dict]:
        # The peer is the same server by another of its addresses.
        peer = {**self.POD, "status": {"podIP": "127.0.0.2"}}
        return [peer if "postgres" in selector else self.POD]

    def get(self, api_version: str, kind: str, *_: object) -> dict | None:
        return self.POD if kind == "Pod" else None

    said: Callable[[], str] = staticmethod(lambda: "")

    def text(self, path: str, **asked: str) -> str:
        return "" if asked["previous"] == "true" else self.said()


NOTHING = FaultProof(1.0, [], 2.0, [])


def run(site: Site) -> tuple[dict, str]:
    """Inject and judge; the facts and the doubt."""
    fault = FAULTS[site.entry.fault]
    facts = fault.prepare(site)
    facts |= fault.inject(site, facts)
    return facts, fault.doubt(facts, NOTHING)


def test_processes_of_a_container_are_found(container):
    assert processes_of(POD, CONTAINER) == [container.pid]
    assert processes_of(POD, "another") == processes_of("another") == []


def test_a_network_is_entered_and_left(container):
    own = NETWORK.stat().st_ino
    with network_of([container.pid]) as inside:
        assert inside
        assert NETWORK.stat().st_ino != own
    assert NETWORK.stat().st_ino == own


def test_the_network_of_nobody_is_not_entered():
    with network_of([2**22 + 1]) as inside:
        assert not inside


def test_a_frozen_container_is_mute_and_answers_again(container, site):
    facts, doubt = run(site("freeze", container="daprd", seconds=2))
    assert doubt == ""
    assert facts["answers_again"]
    assert not is_frozen(group_of(POD, CONTAINER, controller="freezer"))


def test_a_delayed_container_answers_later(container, site):
    facts, doubt = run(site("delay", container="daprd", seconds=6))
    assert doubt == "", facts
    assert HealthCheck(POD, "127.0.0.1", 8080, "/").seconds(20) is not None


def test_a_container_that_is_not_here_cannot_be_frozen(node, site):
    with pytest.raises(BallastError, match="no freezer on this machine"):
        run(site("freeze", container="daprd", seconds=1))


@pytest.mark.parametrize("container", [["busy"]], indirect=True)
def test_a_squeezed_container_is_held_back_and_gets_its_quota_again(container, site):
    group = group_of(POD, CONTAINER, controller="cpu")
    quotas = [group / "cpu.max", group / "cpu.cfs_quota_us"]
    file = next(path for path in quotas if path.exists())
    before = file.read_text()
    facts, doubt = run(site("squeeze", container="daprd", seconds=3, share=0.05))
    assert doubt == "", facts
    assert file.read_text() == before


def test_an_idle_container_is_not_held_back_and_that_proves_nothing(container, site):
    assert "held back" in run(site("squeeze", container="daprd", seconds=1, share=1))[1]


@pytest.mark.parametrize("container", [["grows"]], indirect=True)
def test_a_container_that_grows_is_refused_memory_and_gets_its_limit_again(container, site):
    group = group_of(POD, CONTAINER, controller="memory")
    file = next(
        path for path in (group / "memory.max", group / "memory.limit_in_bytes") if path.exists()
    )
    before = file.read_text()
    facts, doubt = run(site("memory", container="daprd", seconds=2))
    assert doubt == "", facts
    assert facts["times_refused"] > 0
    assert file.read_text() == before
    assert container.wait(30) == -signal.SIGKILL


def test_a_container_without_a_memory_group_is_not_squeezed(node, site):
    with pytest.raises(BallastError, match="no memory group on this machine"):
        run(site("memory", container="daprd", seconds=1))


@pytest.fixture
def heard(container):
    """The lines that the container has said so far."""
    lines: list[str] = []
    threading.Thread(target=lambda: lines.extend(container.stdout), daemon=True).start()
    return lines


@pytest.mark.parametrize("container", [["writes"]], indirect=True)
def test_a_full_disk_refuses_every_write_and_takes_them_again(container, heard, site):
    order = site("disk-full", container="daprd", seconds=3)
    order.api.said = lambda: "\n".join(list(heard))
    facts, doubt = run(order)
    assert doubt == "", facts
    assert resource.prlimit(container.pid, resource.RLIMIT_FSIZE)[0] == facts["limit"]
    last = len(heard)
    assert eventually(lambda: "written\n" in heard[last + 1 :], 60, 0.05)


def test_a_disk_that_nobody_writes_to_proves_nothing(container, site):
    assert "no write that was refused" in run(site("disk-full", container="daprd", seconds=1))[1]


def test_an_interrupted_full_disk_is_undone_by_the_next_start(container, site, tmp_path):
    begun = site("disk-full", container="daprd", seconds=1)
    _interrupted(begun, FAULTS["disk-full"].prepare(begun))
    hard = resource.prlimit(container.pid, resource.RLIMIT_FSIZE)[1]
    before = resource.prlimit(container.pid, resource.RLIMIT_FSIZE, (0, hard))
    assert clean_interrupted(tmp_path / "runs") == ["run"]
    assert resource.prlimit(container.pid, resource.RLIMIT_FSIZE) == before


def test_an_interrupted_memory_limit_is_undone_by_the_next_start(container, site, tmp_path):
    begun = site("memory", container="daprd", seconds=1)
    facts = FAULTS["memory"].prepare(begun)
    _interrupted(begun, facts)
    group = group_of(POD, CONTAINER, controller="memory")
    file = next(
        path for path in (group / "memory.max", group / "memory.limit_in_bytes") if path.exists()
    )
    file.write_text(str(2**30))
    assert clean_interrupted(tmp_path / "runs") == ["run"]
    assert file.read_text().strip() == facts["limit"]


@pytest.mark.parametrize(("seconds", "valid"), [(600, True), (-600, False)])
def test_a_presented_certificate_says_how_long_it_is_valid(container, tmp_path, seconds, valid):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, seconds))
    # As a sidecar does: whoever asks has to have a certificate as well.
    context.verify_mode = ssl.CERT_REQUIRED
    with network_of([container.pid]), socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connected = server.accept()[0]
            with connected:
                try:
                    context.wrap_socket(connected, server_side=True).recv(1)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        left = expire.left({"uid": POD, "address": "127.0.0.1", "port": port})
        thread.join(10)
    assert left is not None
    assert abs(left - seconds) < 60
    assert (left > 0) is valid


def test_who_presents_no_certificate_has_none(container):
    assert expire.left({"uid": POD, "address": "127.0.0.1", "port": 8080}) is None
    assert expire.left({"uid": "gone", "address": "127.0.0.1", "port": 8080}) is None


def certificate(folder: Path, seconds: float) -> Path:
    """A self-signed certificate with its key that is valid for so long from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sidecar")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(seconds=seconds))
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "pair.pem"
    path.write_bytes(text + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_killed_process_is_gone(container, site):
    site = site("kill-container", container="daprd")
    site = Site(site.api, site.order.model_copy(update={"patience": 0.5}))
    run(site)
    assert container.wait(30) == -signal.SIGKILL


@pytest.fixture
def firewalled(container, node):
    """The container, with the node's own iptables at hand."""
    host = HostRoot(ensure_host_root("node"), node.tools)
    host.prepare()
    node.boot.parent.mkdir(parents=True)
    fields = {field.name: "" for field in dataclasses.fields(Boot)}
    written = {**fields, "environment": host.environment, "components": []}
    node.boot.write_text(json.dumps(written))
    try:
        with network_of([container.pid]):
            link_iptables(host.iptables, node.tools / "bin", host.environment)
    except OSError as refused:
        pytest.skip(str(refused))
    return container


def test_a_partition_loses_packets_and_connections_and_ends(firewalled, site):
    facts, doubt = run(site("loss", peer="postgres", share=1, seconds=2))
    assert doubt == "", facts
    assert facts["packets_lost"] > 0
    assert facts["failed"] == facts["tried"] > 0
    assert facts["connects_again"]


def test_some_loss_fails_some_connections(firewalled, site):
    facts, doubt = run(site("loss", peer="postgres", share=0.5, seconds=6))
    if "statistic" in doubt:
        pytest.skip("this kernel cannot lose packets by chance")
    assert doubt == "", facts
    assert facts["connects_again"]


def test_latency_delays_what_is_said_and_ends(firewalled, site, monkeypatch):
    # The server speaks HTTP, as the peer of this order does not.
    monkeypatch.setitem(latency.HELLO, "postgres", b"GET / HTTP/1.0\r\n\r\n")
    facts, doubt = run(site("latency", peer="postgres", seconds=3))
    assert doubt == "", facts
    assert facts["bytes_carried"] > 0
    assert facts["fastest_s"] >= 2 * latency.DELAY_SECONDS
    assert facts["connects_again"]


def test_a_connection_that_was_open_is_led_through_the_relay_as_well(firewalled):
    with network_of([firewalled.pid]):
        opened = socket.create_connection(("127.0.0.2", 8080), 5)
    firewall.redirect(POD, ["127.0.0.2"], 9, latency.MARK)
    try:
        with opened, pytest.raises(ConnectionError):
            for _ in range(100):
                opened.sendall(b"GET / HTTP/1.0\r\n\r\n")
                opened.recv(1)
    finally:
        firewall.restore(POD)


def test_other_addresses_are_reached_during_a_partition(firewalled):
    firewall.lose(POD, ["127.0.0.2"], 1)
    assert connects(POD, "127.0.0.2", 8080, 0.5) == "TimeoutError"
    assert connects(POD, "127.0.0.1", 8080, 5) == ""
    firewall.restore(POD)
    assert connects(POD, "127.0.0.2", 8080, 5) == ""


def test_rules_are_taken_away_as_often_as_one_likes(firewalled):
    firewall.lose(POD, ["127.0.0.2"], 1)
    firewall.restore(POD)
    firewall.restore(POD)
    assert connects(POD, "127.0.0.2", 8080, 5) == ""


def test_an_interrupted_partition_is_undone_by_the_next_start(firewalled, site, tmp_path):
    begun = site("loss", peer="postgres", share=1, seconds=2)
    _interrupted(begun, {"uids": [POD], "share": 1.0})
    firewall.lose(POD, ["127.0.0.2"], 1)
    assert clean_interrupted(tmp_path / "runs") == ["run"]
    assert connects(POD, "127.0.0.2", 8080, 5) == ""


def test_an_interrupted_freeze_is_undone_by_the_next_start(container, site, tmp_path):
    begun = site("freeze", container="daprd", seconds=2)
    _interrupted(begun, {"uid": POD, "id": CONTAINER})
    group = group_of(POD, CONTAINER, controller="freezer")
    freeze(group)
    assert clean_interrupted(tmp_path / "runs") == ["run"]
    assert not is_frozen(group)
    assert RunFolder(tmp_path / "runs/run").read("state.json")["state"] == "interrupted"


def test_a_fault_of_a_pod_that_is_gone_needs_no_undoing(node, site):
    begun = site("freeze", container="daprd", seconds=2)
    _interrupted(begun, {"uid": "gone", "id": "gone"})
    assert undo_in(begun.order.folder)
    assert not undo_in(begun.order.folder)


def _interrupted(site: Site, facts: dict) -> None:
    """What a run leaves behind that was killed while its fault was there."""
    order = site.order
    written = {"order": order.model_dump(mode="json"), "facts": facts}
    (order.folder / INJECTED).write_text(json.dumps(written))
    RunFolder(order.folder.parents[1]).write("state.json", {"state": "running", "children": []})

import contextlib
import json
import os
import socket
import subprocess
import threading
import time

import pytest
from ports import free_port

from ballast.node.python import isolated


class Forwarding:
    """The real forwarder, with this machine's network on both sides."""

    def __init__(self, folder) -> None:
        self.wanted, self.applied = folder / "wanted.json", folder / "applied.json"
        self.wanted.write_text("{}")
        call = f"{str(self.wanted)!r}, {str(self.applied)!r}"
        command = isolated("ballast.node.forwarder", call)
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" 3</proc/self/ns/net', "sh", *command]
        )

    def want(self, forwards: dict[int, tuple[str, int]]) -> dict[str, object]:
        text = json.dumps({str(port): list(target) for port, target in forwards.items()})
        draft = self.wanted.with_suffix(".draft")
        draft.write_text(text)
        draft.replace(self.wanted)
        return self.until(lambda report: report["wanted"] == json.loads(text))

    def until(self, holds) -> dict[str, object]:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(FileNotFoundError):
                report = json.loads(self.applied.read_text())
                if holds(report):
                    return report
            time.sleep(0.02)
        raise AssertionError("the forwarder did not take the file over")


@pytest.fixture
def forwarding(tmp_path):
    made = Forwarding(tmp_path)
    yield made
    made.process.kill()
    made.process.wait()


@pytest.fixture
def echo():
    """Answers each connection with all it received, once the client has finished sending."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                with client:
                    received = b"".join(iter(lambda c=client: c.recv(65536), b""))
                    client.sendall(received)

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()
    server.close()


def exchange(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        sender = threading.Thread(
            target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR))
        )
        sender.start()
        received = b"".join(iter(lambda: client.recv(65536), b""))
        sender.join()
    return received


def test_bytes_pass_both_ways_and_a_half_close_is_kept(forwarding, echo):
    port = free_port()
    forwarding.want({port: echo})
    data = os.urandom(3_000_000)
    assert exchange(port, data) == data


def test_a_new_file_adds_and_removes_ports(forwarding, echo):
    first, second = free_port(), free_port()
    forwarding.want({first: echo})
    forwarding.want({second: echo})
    assert exchange(second, b"hello") == b"hello"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", first))


def test_a_taken_port_is_reported_and_taken_over_when_it_is_free(forwarding, echo):
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]
    report = forwarding.want({port: echo})
    assert report["problems"] == {str(port): "Address already in use"}
    other.close()
    forwarding.until(lambda report: str(port) in report["served"])
    assert exchange(port, b"hello") == b"hello"


def test_nothing_listening_inside_resets_the_client(forwarding):
    port = free_port()
    forwarding.want({port: ("127.0.0.1", free_port())})
    # The reset may already be there when the client's own connect looks how it went.
    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection(("127.0.0.1", port), timeout=60) as client,
    ):
        client.recv(1)

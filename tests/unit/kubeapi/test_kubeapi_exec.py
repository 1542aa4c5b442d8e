"""Commands in pods, against a server that speaks v5.channel.k8s.io."""

import base64
import hashlib
import json
import socket
import struct
import threading
from typing import Any

import pytest
import yaml

from ballast.kubeapi import KubeApi, KubeApiError, PodCommandError

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Pod:
    """One container behind a WebSocket: answers a single exec with given frames."""

    def __init__(self, *frames: tuple[int, bytes], refuse: str = "") -> None:
        self.frames, self.refuse = frames, refuse
        self.request, self.stdin = "", bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def api(self) -> KubeApi:
        server = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        return KubeApi.from_kubeconfig(
            yaml.safe_dump(
                {
                    "current-context": "c",
                    "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
                    "clusters": [{"name": "k", "cluster": {"server": server}}],
                    "users": [{"name": "u", "user": {"token": "t0ken"}}],
                }
            )
        )

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as reader:
            lines = iter(lambda: reader.readline().decode().strip(), "")
            self.request, *headers = lines
            self.headers = dict(line.lower().split(": ", 1) for line in headers)
            if self.refuse:
                body = json.dumps({"message": self.refuse}).encode()
                head = f"HTTP/1.1 404 Not Found\r\ncontent-length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)
                return
            raw = dict(line.split(": ", 1) for line in headers)
            digest = hashlib.sha1((raw["Sec-WebSocket-Key"] + GUID).encode()).digest()
            connection.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n"
                b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
            )
            if "stdin=true" in self.request:
                while (frame := _read_frame(reader))[0] != 255:
                    self.stdin += frame[1:]
            for channel, data in self.frames:
                connection.sendall(_frame(bytes([channel]) + data))
            connection.sendall(b"\x88\x00")


def _read_frame(reader: Any) -> bytes:
    _, length = reader.read(2)
    size = length & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", reader.read(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", reader.read(8))
    mask = reader.read(4)
    return bytes(byte ^ mask[at % 4] for at, byte in enumerate(reader.read(size)))


def _frame(payload: bytes) -> bytes:
    return b"\x82\x7e" + struct.pack("!H", len(payload)) + payload


def status(**fields: Any) -> tuple[int, bytes]:
    return 3, json.dumps(fields).encode()


SUCCESS = status(status="Success")


def test_stdout_of_a_command_comes_back_whole() -> None:
    pod = Pod((1, b"one "), (2, b"noise"), (1, b"two"), SUCCESS)
    assert pod.api.exec("n", "p", ["cat", "a b"], container="c") == "one two"
    assert "command=cat&command=a+b" in pod.request
    assert "container=c" in pod.request
    assert pod.headers["authorization"] == "bearer t0ken"


def test_stdin_is_sent_and_closed() -> None:
    pod = Pod((1, b"done"), SUCCESS)
    text = b"x" * 100_000
    assert pod.api.exec("n", "p", ["cat"], stdin=text) == "done"
    assert bytes(pod.stdin) == text


def test_a_failing_command_carries_its_code_and_stderr() -> None:
    causes = {"causes": [{"reason": "ExitCode", "message": "3"}]}
    pod = Pod(
        (2, b"no such table\n"),
        status(status="Failure", message="command terminated with exit code 3", details=causes),
    )
    with pytest.raises(PodCommandError, match="no such table") as caught:
        pod.api.exec("n", "p", ["psql"])
    assert caught.value.exit_code == 3


def test_a_stream_that_breaks_off_is_a_failure() -> None:
    with pytest.raises(PodCommandError, match="without a result"):
        Pod((1, b"half")).api.exec("n", "p", ["psql"])


def test_a_missing_pod_is_the_servers_sentence() -> None:
    with pytest.raises(KubeApiError, match='pods "p" not found') as caught:
        Pod(refuse='pods "p" not found').api.exec("n", "p", ["ls"])
    assert caught.value.status == 404

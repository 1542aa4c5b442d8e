"""An API server with one pod whose exec really runs the command, on this machine."""

import base64
import hashlib
import json
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

import yaml

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class PodServer:
    """Serves the pods of one namespace; `python3` in a pod is this test's interpreter."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self.pods = [pod("task-service-1", ready=True)]
        self.secrets: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.cut_off = False
        self.heard: Callable[[str], None] = lambda _: None
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def kubeconfig(self, path: Path) -> None:
        """Write a kubeconfig that leads here."""
        server = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        content = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [{"name": "here", "cluster": {"server": server}}],
            "users": [{"name": "me", "user": {"token": "t0ken"}}],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            target = stream.readline().decode().split(" ")[1]
            lines = iter(lambda: stream.readline().decode().strip(), "")
            headers = {name.lower(): value for name, value in (li.split(": ", 1) for li in lines)}
            self.heard(target)
            parts = urlsplit(target)
            self.asked.append(parts.path)
            if parts.path.endswith("/exec"):
                self._exec(stream, headers["sec-websocket-key"], parse_qs(parts.query))
            else:
                self._json(stream, parts.path)

    def _json(self, stream: BinaryIO, path: str) -> None:
        text = json.dumps(self._object(path)).encode()
        stream.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
            b"content-length: " + str(len(text)).encode() + b"\r\n\r\n" + text
        )
        stream.flush()

    def _object(self, path: str) -> dict[str, Any]:
        if path == "/api/v1":
            kinds = (("pods", "Pod"), ("secrets", "Secret"))
            return {"resources": [{"name": n, "kind": k, "namespaced": True} for n, k in kinds]}
        if "/namespaces/messaging/secrets/" in path:
            content = self.secrets.get(path.rpartition("/")[2], {})
            return {"data": {k: base64.b64encode(v.encode()).decode() for k, v in content.items()}}
        return {"items": self.pods}

    def _exec(self, stream: BinaryIO, key: str, query: dict[str, list[str]]) -> None:
        digest = hashlib.sha1((key + _GUID).encode()).digest()
        stream.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )
        stream.flush()
        assert query["container"] == ["task-service"]
        assert query["command"][0] == "python3"
        done = subprocess.run(
            [sys.executable, *query["command"][1:]],
            input=_read_stdin(stream) if "stdin" in query else b"",
            env=self.environment,
            capture_output=True,
            check=False,
        )
        frames = [(1, done.stdout), (2, done.stderr)]
        if not self.cut_off:
            frames.append((3, json.dumps(_status(done.returncode)).encode()))
        for channel, data in frames:
            stream.write(_frame(bytes([channel]) + data))
        stream.write(b"\x88\x00")
        stream.flush()


def pod(name: str, *, ready: bool, leaving: bool = False) -> dict[str, Any]:
    """A pod as the API shows it."""
    metadata = {"name": name, "labels": {"app": "task-service"}}
    conditions = [{"type": "Ready", "status": str(ready)}]
    gone = {"deletionTimestamp": "2030-01-01T00:00:00Z"} if leaving else {}
    return {"metadata": metadata | gone, "status": {"conditions": conditions}}


def _status(code: int) -> dict[str, Any]:
    if code == 0:
        return {"status": "Success"}
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return {
        "status": "Failure",
        "message": f"command terminated with exit code {code}",
        "details": {"causes": causes},
    }


def _read_stdin(stream: BinaryIO) -> bytes:
    """What the client sends on channel 0, until it closes that channel."""
    sent = b""
    while True:
        size = stream.read(2)[1] & 0x7F
        if size > 125:
            size = int.from_bytes(stream.read(2 if size == 126 else 8), "big")
        mask = stream.read(4)
        data = bytes(byte ^ mask[at % 4] for at, byte in enumerate(stream.read(size)))
        if data[:1] != b"\0":
            return sent
        sent += data[1:]


def _frame(payload: bytes) -> bytes:
    return b"\x82\x7f" + struct.pack("!Q", len(payload)) + payload

"""Running a command inside a container, over the API server's WebSocket."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from ballast.kubeapi.errors import UNREACHABLE, KubeApiError, PodCommandError
from ballast.kubeapi.shape import Json, mapping, mappings
from ballast.kubeapi.transport import Transport

if TYPE_CHECKING:
    import websocket

_PROTOCOL = "v5.channel.k8s.io"
_STDIN, _STDOUT, _STDERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255
_CHUNK = 32 * 1024

Streams = dict[int, bytearray]


@dataclass(frozen=True)
class PodTarget:
    """Where a command runs; without `container` the API server picks the default one."""

    namespace: str
    pod: str
    container: str | None = None

    def __str__(self) -> str:
        return f"{self.namespace}/{self.pod}"


def run_in_pod(
    transport: Transport,
    target: PodTarget,
    command: Sequence[str],
    stdin: bytes | None,
    timeout: float,
) -> str:
    """Stdout of the command; PodCommandError on another exit code than 0 or after `timeout` s."""
    import websocket  # here, since few processes ever need it and starting fast matters to some

    socket = _connect(transport, _url(transport, target, command, stdin is not None), timeout)
    streams: Streams = {_STDOUT: bytearray(), _STDERR: bytearray(), _STATUS: bytearray()}
    end = time.monotonic() + timeout
    try:
        if stdin is not None:
            for start in range(0, len(stdin), _CHUNK):
                socket.send_binary(bytes([_STDIN]) + stdin[start : start + _CHUNK])
            socket.send_binary(bytes([_CLOSE, _STDIN]))
        while not streams[_STATUS]:
            socket.settimeout(max(end - time.monotonic(), 0.1))
            frame = socket.recv()
            if not frame:
                break
            data = frame.encode() if isinstance(frame, str) else bytes(frame)
            if data[0] in streams:
                streams[data[0]] += data[1:]
    except websocket.WebSocketTimeoutException as error:
        message = f"{command[0]} in {target} ran over {timeout:.0f} s"
        raise _failure(message, streams) from error
    except (websocket.WebSocketException, OSError) as error:
        message = f"{command[0]} in {target}: the stream broke: {error}"
        raise _failure(message, streams) from error
    finally:
        socket.close()
    _judge(command, target, streams)
    return streams[_STDOUT].decode(errors="replace")


def _url(transport: Transport, target: PodTarget, command: Sequence[str], stdin: bool) -> str:
    query: list[tuple[str, str]] = [("stdout", "true"), ("stderr", "true")]
    query += [("command", part) for part in command]
    if stdin:
        query.append(("stdin", "true"))
    if target.container:
        query.append(("container", target.container))
    address = urlsplit(transport.endpoint.server)
    scheme = "wss" if address.scheme == "https" else "ws"
    pod = f"/api/v1/namespaces/{target.namespace}/pods/{target.pod}/exec"
    return f"{scheme}://{address.netloc}{address.path}{pod}?{urlencode(query)}"


def _connect(transport: Transport, url: str, timeout: float) -> Any:
    import websocket

    session = transport.session()
    headers = [
        f"{name}: {value}" for name, value in session.headers.items() if name == "Authorization"
    ]
    try:
        return websocket.create_connection(
            url,
            timeout=timeout,
            header=headers,
            subprotocols=[_PROTOCOL],
            sslopt={"context": session.tls},
            http_no_proxy=["*"],
            suppress_origin=True,
        )
    except websocket.WebSocketBadStatusException as error:
        raise KubeApiError(error.status_code, _message(error)) from error
    except (websocket.WebSocketException, OSError) as error:
        raise KubeApiError(UNREACHABLE, f"cannot open a command stream: {error}") from error


def _message(error: "websocket.WebSocketBadStatusException") -> str:
    body = error.resp_body or b""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(error)


def _judge(command: Sequence[str], target: PodTarget, streams: Streams) -> None:
    if not streams[_STATUS]:
        raise _failure(f"{command[0]} in {target}: the stream ended without a result", streams)
    status: Json = json.loads(streams[_STATUS])
    if status.get("status") == "Success":
        return
    causes = mappings(mapping(status.get("details")).get("causes"))
    code = next((int(c["message"]) for c in causes if c.get("reason") == "ExitCode"), None)
    said = streams[_STDERR].decode(errors="replace").strip()[-500:]
    message = ": ".join(filter(None, (str(status.get("message") or "failed"), said)))
    raise _failure(f"{command[0]} in {target}: {message}", streams, code)


def _failure(message: str, streams: Streams, code: int | None = None) -> PodCommandError:
    return PodCommandError(
        message,
        code,
        streams[_STDOUT].decode(errors="replace"),
        streams[_STDERR].decode(errors="replace"),
    )

"""Messages to the person in front of the terminal, through the engine."""

import sys
import threading

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_SECONDS = 5


class EngineLog:
    """Sends lines to the engine; without one (or when it is gone) they go to stderr."""

    def __init__(self) -> None:
        self._stub: engine_pb2_grpc.EngineStub | None = None
        self._about = threading.local()

    def attach(self, address: str) -> None:
        """Connect to the engine once its address is known; later addresses are ignored."""
        if address and self._stub is None:
            self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def speak_about(self, urn: str) -> None:
        """Name the resource that lines of this thread are about."""
        self._about.urn = urn

    def passing(self, message: str) -> None:
        """A progress line that the next one overwrites."""
        self._send(engine_pb2.INFO, message, ephemeral=True)

    def info(self, message: str) -> None:
        """A line that stays."""
        self._send(engine_pb2.INFO, message)

    def debug(self, message: str) -> None:
        """A line for logs only."""
        self._send(engine_pb2.DEBUG, message)

    def warning(self, message: str) -> None:
        """A warning that stays."""
        self._send(engine_pb2.WARNING, message)

    def _send(
        self, severity: "engine_pb2.LogSeverity.ValueType", message: str, ephemeral: bool = False
    ) -> None:
        if self._stub is None:
            print(message, file=sys.stderr)
            return
        request = engine_pb2.LogRequest(
            severity=severity,
            message=message,
            urn=getattr(self._about, "urn", ""),
            ephemeral=ephemeral,
        )
        try:
            self._stub.Log(request, timeout=_SECONDS)  # pyright: ignore[reportUnknownMemberType]
        except grpc.RpcError:
            print(message, file=sys.stderr)

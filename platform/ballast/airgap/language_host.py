"""Start the stand-in for `pulumi-language-python`: `python -m ballast.airgap.language_host`.

The SDK's own language server runs the program; this adds what the engine asks of a host around it.
"""

import gc
import os
import runpy
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from types import FrameType
from typing import Any, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from ballast.airgap import deep_messages
from ballast.airgap.engine_watch import when_orphaned
from ballast.airgap.plugin_process import stream_plugin
from ballast.airgap.server import BUILD_METADATA

_THREADS = 16
# A program's SDKs are thousands of classes that stay: a third of the import went into collection.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000
_MESSAGE_BYTES = 400 << 20


class LanguageHost(LanguageServer):
    """Runs Python programs and policy packs in this very interpreter's environment."""

    def __init__(self) -> None:
        super().__init__(_no_program)

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Nothing to agree on."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Who answers in place of the official host."""
        return plugin_pb2.PluginInfo(version=f"0.1.0+{BUILD_METADATA}")

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Run the program in its folder, which comes first on the import path."""
        if request.pwd:
            os.chdir(request.pwd)
        self.program = program_at(
            Path(request.info.program_directory or request.pwd or "."),
            request.info.entry_point or ".",
        )
        return super().Run(request, cast("Any", context))  # pyright: ignore[reportUnknownMemberType]

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: N802
        """The environment is already complete: uv made it from the lock."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"dependencies come from uv.lock\n")

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """No options to ask for."""
        return language_pb2.RuntimeOptionsResponse()

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """None are reported; `uv tree` shows them."""
        return language_pb2.GetProgramDependenciesResponse()

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: N802
        """Run a policy pack (or another plugin written in Python) and pass its output on."""
        yield from stream_plugin(request, context)

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:  # noqa: N802
        """The engine kills the process when it is done with it."""
        return Empty()


def program_at(folder: Path, entry: str) -> Callable[[], None]:
    """The program as a function; a folder runs its __main__.py with itself first on sys.path."""
    target = (folder / entry).resolve()

    def program() -> None:
        if target.is_dir() and str(target) not in sys.path:
            sys.path.insert(0, str(target))
        runpy.run_path(str(target), run_name="__main__")

    return program


def _no_program() -> None:
    raise RuntimeError("the engine asked for a program before naming one")


def main() -> None:
    """Serve on a free local port, print it, and end on the engine's signal."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    deep_messages.allow()
    server = grpc.server(
        futures.ThreadPoolExecutor(_THREADS),
        options=[
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
        ],
    )
    add: Callable[[object, grpc.Server], None] = cast(
        "Any", language_pb2_grpc.add_LanguageRuntimeServicer_to_server
    )
    add(LanguageHost(), server)
    port = server.add_insecure_port("127.0.0.1:0")

    def end() -> None:
        # A program may hang in an await that nothing ends any more; the engine is done with it.
        os._exit(0)

    def on_signal(number: int, frame: FrameType | None) -> None:
        end()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    when_orphaned(end)
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()

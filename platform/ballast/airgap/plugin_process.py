"""Running a plugin that is a Python program, with its output streamed to the engine."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import grpc
from pulumi.runtime.proto import language_pb2

_CHUNK = 65536


def stream_plugin(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
    """Start the plugin, yield its output as it comes, and at last its exit code."""
    folder = Path(request.info.program_directory)
    given = dict(item.split("=", 1) for item in request.env)
    process = subprocess.Popen(
        [sys.executable, "-u", str(folder / (request.info.entry_point or ".")), *request.args],
        cwd=folder if request.kind == "analyzer" else request.pwd or folder,
        env={**os.environ, **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    context.add_callback(process.kill)
    lines: queue.Queue[Any] = queue.Queue()
    pipes = (("stdout", process.stdout), ("stderr", process.stderr))
    for name, pipe in pipes:
        threading.Thread(target=_pump, args=(pipe, name, lines), daemon=True).start()
    open_pipes = len(pipes)
    while open_pipes:
        message = lines.get()
        if message is None:
            open_pipes -= 1
        else:
            yield message
    yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _pump(pipe: IO[bytes], name: str, lines: "queue.Queue[Any]") -> None:
    with pipe:
        while chunk := os.read(pipe.fileno(), _CHUNK):
            fields: dict[str, Any] = {name: chunk}
            lines.put(language_pb2.RunPluginResponse(**fields))
    lines.put(None)

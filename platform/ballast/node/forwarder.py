"""Listens on 127.0.0.1 of the machine, connects inside the node; standard library only.

The wanted forwards are a JSON file `{port: [ip, port]}` that is read again when it changes. What
is served, and what could not be, is written to a second file beside it.
"""

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Final

from ballast.node import kernel
from ballast.node.files import write_atomically
from ballast.node.relay import Accepted

HOST_NETWORK: Final = 3
POLL: Final = 0.2


class Forwarder:
    """Keeps the listeners equal to the file."""

    def __init__(self, wanted: Path, applied: Path) -> None:
        """`wanted` is read, `applied` is written."""
        self.wanted = wanted
        self.applied = applied
        self.inside = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.servers: dict[str, tuple[list[object], asyncio.Server]] = {}

    def listen(self, port: int) -> socket.socket:
        """A listening socket in the machine's network; OSError when the port is taken."""
        # A socket belongs for ever to the namespace its creator was in.
        kernel.setns(HOST_NETWORK, kernel.NEWNET)
        try:
            server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        finally:
            kernel.setns(self.inside, kernel.NEWNET)
        try:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))
            server.listen(512)
        except OSError:
            server.close()
            raise
        server.setblocking(False)
        return server

    async def apply(self, text: str) -> None:
        """Close what is no longer wanted, open what is new, report both."""
        wanted: dict[str, list[object]] = json.loads(text)
        for port, (target, server) in list(self.servers.items()):
            if wanted.get(port) != target:
                server.close()
                del self.servers[port]
        problems: dict[str, str] = {}
        for port, target in wanted.items():
            if port not in self.servers:
                try:
                    self.servers[port] = (target, await self.serve(int(port), target))
                except OSError as error:
                    problems[port] = error.strerror or str(error)
        served = {port: target for port, (target, _) in self.servers.items()}
        report = {"wanted": wanted, "served": served, "problems": problems}
        write_atomically(self.applied, json.dumps(report))

    async def serve(self, port: int, target: list[object]) -> asyncio.Server:
        """Relay every connection to a port to its address inside."""
        loop = asyncio.get_running_loop()
        ip, inside = str(target[0]), int(str(target[1]))
        listener = self.listen(port)
        return await loop.create_server(lambda: Accepted(ip, inside), sock=listener, backlog=512)

    async def run(self) -> None:
        """Follow the file for ever; ports that were taken are tried again."""
        seen, again = "", False
        while True:
            text = self.wanted.read_text()
            if text != seen or again:
                await self.apply(text)
                again = len(self.servers) < len(json.loads(text))
                seen = text
            await asyncio.sleep(2.0 if again else POLL)


def main(wanted: str, applied: str) -> int:
    """Serve until killed."""
    asyncio.run(Forwarder(Path(wanted), Path(applied)).run())
    return 0

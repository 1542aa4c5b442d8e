"""A way to a server on which packets can be made to vanish, for connections that exist by then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class VanishingRelay:
    """Forwards a port of 127.0.0.1. After `vanish` old connections stay open and carry nothing."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._generation = 0
        self._ends: list[asyncio.StreamWriter] = []
        self.port = 0

    def vanish(self) -> None:
        """Carry nothing more for the connections that there are; new ones work."""
        self._generation += 1

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways."""
        to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        born = self._generation
        self._ends += [writer, to_server[1]]
        await asyncio.gather(
            self._one_way(born, reader, to_server[1]), self._one_way(born, to_server[0], writer)
        )

    async def _one_way(
        self, born: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        while data := await source.read(65536):
            if self._generation == born:
                sink.write(data)

    async def close(self) -> None:
        """End every connection, so that nothing is carried any more."""
        for end in self._ends:
            end.close()
        for end in self._ends:
            with suppress(OSError):
                await end.wait_closed()


@asynccontextmanager
async def vanishing_relay(port: int) -> AsyncIterator[VanishingRelay]:
    """A relay to `port` until the block ends."""
    relay = VanishingRelay(port)
    server = await asyncio.start_server(relay.carry, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        await relay.close()

"""A relay that hands everything on late, each way: `relay MARK SECONDS`; standard library only.

It runs in a pod's network. It says the port it listens on, and, when its standard input ends, how
many bytes it carried. Whoever started it being gone ends it as well.
"""

import asyncio
import socket
import struct
import sys

_ORIGINAL_DESTINATION = 80
_CHUNK = 64 * 1024


class Relay:
    """Connections are led here by the kernel, which remembers where they were meant to go."""

    def __init__(self, mark: int, seconds: float) -> None:
        self.mark = mark
        self.seconds = seconds
        self.carried = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until both of its sides have ended."""
        try:
            there = await self._connect(writer.get_extra_info("socket"))
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self._carry(reader, there[1]), self._carry(there[0], writer), return_exceptions=True
        )

    async def _connect(
        self, accepted: socket.socket
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        asked = accepted.getsockopt(socket.SOL_IP, _ORIGINAL_DESTINATION, 16)
        port, address = struct.unpack_from("!2xH4s", asked)
        onward = socket.socket()
        onward.setblocking(False)
        onward.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self.mark)
        await asyncio.get_running_loop().sock_connect(onward, (socket.inet_ntoa(address), port))
        return await asyncio.open_connection(sock=onward)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def deliver() -> None:
            while True:
                due, data = await waiting.get()
                await asyncio.sleep(due - loop.time())
                if not data:
                    return
                sink.write(data)
                await sink.drain()
                self.carried += len(data)

        delivering = asyncio.create_task(deliver())
        try:
            while data := await source.read(_CHUNK):
                await waiting.put((loop.time() + self.seconds, data))
        finally:
            await waiting.put((loop.time(), b""))
            await asyncio.gather(delivering, return_exceptions=True)
            sink.close()


async def run(mark: int, seconds: float) -> None:
    """Serve until standard input ends."""
    relay = Relay(mark, seconds)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(relay.carried, flush=True)


def main(mark: str, seconds: str) -> int:
    """Run and end with 0. Open connections are cut."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(run(int(mark), float(seconds)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))

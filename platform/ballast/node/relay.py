"""Two TCP connections tied together, byte for byte; standard library only."""

import asyncio
import socket
import struct
from typing import cast


class End(asyncio.Protocol):
    """One side of a relay: what it receives goes to its peer, at the peer's speed."""

    transport: asyncio.Transport
    peer: "End | None" = None
    ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        if self.peer:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        """Pass the half-close on; True keeps the other direction open while it is in use."""
        self.ended = True
        if self.peer is None or self.peer.transport.is_closing():
            return False
        if self.peer.ended:
            self.peer.transport.close()
            return False
        self.peer.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        """This side is slow: stop reading from the other."""
        if self.peer and not self.peer.transport.is_closing():
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        """This side caught up."""
        if self.peer and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other side in the same way: cleanly, or by a reset."""
        if self.peer and not self.peer.transport.is_closing():
            if exc:
                reset(self.peer.transport)
            else:
                self.peer.transport.close()


class Accepted(End):
    """The client's side; opens the side inside when the client has connected."""

    def __init__(self, ip: str, port: int) -> None:
        """`ip` and `port` are the address inside the node."""
        self.target = (ip, port)
        self.connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read nothing before there is somewhere to put it."""
        super().connection_made(transport)
        self.transport.pause_reading()
        self.connecting = asyncio.get_running_loop().create_task(self.connect())

    async def connect(self) -> None:
        """Open the inner side, or reset the client when nothing listens there."""
        try:
            _, inner = await asyncio.get_running_loop().create_connection(End, *self.target)
        except OSError:
            reset(self.transport)
            return
        if self.transport.is_closing():
            reset(inner.transport)
            return
        inner.peer, self.peer = self, inner
        self.transport.resume_reading()


def reset(transport: asyncio.Transport) -> None:
    """Close with a reset, so that the other end can tell a failure from an end."""
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()

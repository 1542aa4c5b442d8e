"""A service on a real socket, in the loop of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI


@asynccontextmanager
async def running(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """Serve `app` until the block ends; gives its address once it is ready for work."""
    # Without the protocol asyncio leaves Nagle's algorithm on: 40 ms an answer.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(app, log_config=None, lifespan="on", ws="none", proxy_headers=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        await _ready(url, serving)
        yield url
    finally:
        server.should_exit = True
        await serving
        listener.close()


async def _ready(url: str, serving: asyncio.Task[None]) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(6000):
            if serving.done():
                raise AssertionError("the service did not start")
            try:
                if (await client.get("/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)
    raise AssertionError("the service did not become ready")


async def eventually(condition, seconds: float = 25.0):
    """The first true result of `condition`, asked until then.

    By itself it ends before the scheduler, after half a minute, looks again for what it missed.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        result = condition()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return result
        assert loop.time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)

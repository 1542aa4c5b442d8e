"""`chat_replica.py PORT DATABASE_URL SIDECAR_URL STATE_URL STORE`: a replica to be killed."""

import asyncio
import sys

import uvicorn
from chat_stack import chat_app

from todo_shared.dapr import DaprStateService, Sidecar
from todo_shared.settings import ServiceSettings


async def main() -> None:
    """Serve until killed."""
    port, database_url, sidecar_url, state_url, store = sys.argv[1:]
    settings = ServiceSettings(sidecar_url=sidecar_url, topic_prefix="test.", port=int(port))
    async with Sidecar(state_url) as state:
        service = chat_app(settings, database_url, DaprStateService(state, store, 20))
        config = uvicorn.Config(service, host="127.0.0.1", port=int(port), log_level="warning")
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main())

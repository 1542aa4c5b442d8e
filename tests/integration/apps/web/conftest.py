"""Everything behind the page, and a browser before it."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from browser import Watched, chromium, watched_page
from playwright.async_api import Browser
from postgres import PostgresServer
from redis_server import RedisServer
from web_stack import Backing, WebStack, web_stack


@pytest.fixture(scope="module")
def backing(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Backing]:
    """The servers."""
    redis = RedisServer(tmp_path_factory.mktemp("redis"))
    redis.start()
    yield Backing(redis, postgres)
    redis.stop()


# One gateway, one browser for a file: each visitor is a new user with a storage of their own.
@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(
    backing: Backing, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[WebStack]:
    """Everything behind the page."""
    async with web_stack(tmp_path_factory.mktemp("gateway"), **await backing.urls()) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A browser."""
    async with chromium(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def visit(stack: WebStack, browser: Browser) -> AsyncIterator[Watched]:
    """A page of somebody who has just come; in the end it has done nothing that it should not."""
    async with watched_page(browser, stack.gateway.url) as watched:
        yield watched
        assert watched.complaints == []
        assert watched.elsewhere == []

"""The page of the running platform: a browser, a sentence, and a reminder that comes by itself."""

import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from browser import Watched, chromium, watched_page
from playwright.async_api import expect

from ballast.names import GATEWAY_PORTS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PASSWORD = "correct horse battery staple"


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Watched]:
    """A page of a visitor; in the end it has done nothing that it should not."""
    origin = f"http://127.0.0.1:{GATEWAY_PORTS['dev']}"
    async with chromium(tmp_path) as browser, watched_page(browser, origin) as watched:
        yield watched
        assert watched.complaints == []
        assert watched.elsewhere == []


async def test_a_reminder_that_was_asked_for_in_the_chat_arrives_live(visit: Watched) -> None:
    page = visit.page
    await page.goto("/")
    await page.locator("#email").fill(f"{uuid.uuid4()}@example.org")
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#register").press("Enter")
    await expect(page.locator("#live")).to_have_text("live", timeout=30_000)
    await page.locator("#message").fill("remind me to stretch in 1 minute")
    await page.keyboard.press("Enter")
    await expect(page.locator("#tasks .title")).to_have_text("stretch", timeout=30_000)
    chat = page.locator("#talk .trace").last
    assert re.fullmatch("[0-9a-f]{32}", await chat.get_attribute("data-trace") or "")
    reminder = page.locator("#reminders .reminder")
    await expect(reminder.locator(".title")).to_have_text("stretch", timeout=120_000)
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.locator("#tasks > li")).to_have_class(re.compile("done"), timeout=30_000)

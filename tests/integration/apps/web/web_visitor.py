"""What a person does on the page, with the keyboard alone."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from gateway_stack import PASSWORD
from playwright.async_api import Locator, Page, expect

from todo_shared.events.payloads import ReminderTriggered

expect.set_options(timeout=60_000)


async def fill_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Write email and password; the focus is then on "Sign in"."""
    await expect(page.locator("#email")).to_be_focused()
    await page.keyboard.press("Control+a")
    await page.keyboard.type(email)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Control+a")
    await page.keyboard.type(password)
    await page.keyboard.press("Tab")


async def arrived(page: Page) -> None:
    """Wait until somebody is signed in and hears what is new."""
    await expect(page.locator("#message")).to_be_focused()
    await expect(page.locator("#live")).to_have_text("live")


async def register(page: Page, email: str = "") -> str:
    """Make an account, a new one when no `email` is given; the id of its user."""
    await page.goto("/")
    await fill_in(page, email or f"{uuid4()}@example.com")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await arrived(page)
    stored: dict[str, Any] = json.loads(
        await page.evaluate("sessionStorage.getItem('todo.session')")
    )
    return stored["user"]["id"]


async def say(page: Page, text: str, tool: str = "") -> Locator:
    """Write a message; the answer, which says that `tool` was called."""
    answers = page.locator("#talk .line.service")
    count = await answers.count()
    await expect(page.locator("#message")).to_be_focused()
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    await expect(answers).to_have_count(count + 1)
    await expect(answers.last.locator(".meta")).to_contain_text(tool)
    return answers.last


async def trace_of(place: Locator) -> str | None:
    """The whole trace id that is shown there."""
    return await place.locator(".trace").get_attribute("data-trace")


def reminder(user: str, title: str, name: str) -> ReminderTriggered:
    """The event of a reminder of a task that the page does not show."""
    now = datetime.now(UTC)
    return ReminderTriggered(
        reminder_id=name,
        task_id=f"task-of-{name}",
        user_id=user,
        notification_channel="push",
        trigger_time=now,
        title=title,
        fired_at=now,
    )

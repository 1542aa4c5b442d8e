"""What the page says when something is away, refused or over, and that it goes on afterwards."""

import re
from pathlib import Path

import pytest
from browser import Watched, watched_page
from playwright.async_api import Browser, expect
from web_stack import Backing, WebStack, web_stack
from web_visitor import arrived, fill_in, register, reminder, say

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]


async def test_the_stream_goes_on_after_the_gateway_was_started_again(
    visit: Watched, stack: WebStack
) -> None:
    visit.refused = True
    page = visit.page
    user = await register(page)
    await stack.hand_on(reminder(user, "before", f"{user}-1"), f"{user}-1")
    titles = page.locator("#reminders .title")
    await expect(titles).to_have_text(["before"])
    assert await stack.gateway.stop() == 0
    await expect(page.locator("#live")).to_have_text(re.compile(r"reconnecting in \d+ s"))
    await stack.hand_on(reminder(user, "meanwhile", f"{user}-2"), f"{user}-2")
    await stack.gateway.start()
    await expect(page.locator("#live")).to_have_text("live", timeout=120_000)
    await expect(titles).to_have_text(["meanwhile", "before"])
    await stack.hand_on(reminder(user, "after", f"{user}-3"), f"{user}-3")
    await expect(titles).to_have_text(["after", "meanwhile", "before"])


async def test_a_message_is_kept_while_a_service_is_away(visit: Watched, stack: WebStack) -> None:
    visit.refused = True
    page = visit.page
    await register(page)
    away = stack.sidecar.apps.pop("task-service")
    stack.sidecar.answer = (500, {"errorCode": "ERR_DIRECT_INVOKE", "message": "x"})
    await page.keyboard.type("add buy milk")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notices")).to_contain_text("A service is not available now.")
    await expect(page.locator("#message")).to_have_value("add buy milk")
    await expect(page.locator("#talk .line.person")).to_have_count(0)
    stack.sidecar.apps["task-service"] = away
    stack.sidecar.answer = None
    await page.keyboard.press("Enter")
    await expect(page.locator("#tasks .title")).to_have_text(["buy milk"])
    await expect(page.locator("#notices")).to_be_empty()
    keys = {
        headers["idempotency-key"]
        for _, path, headers in stack.sidecar.invoked
        if path.endswith("/chat")
    }
    assert len(keys) == 1


async def test_without_a_network_it_says_so(visit: Watched) -> None:
    visit.refused = True
    page = visit.page
    await register(page)
    await page.context.set_offline(True)
    await page.keyboard.type("add buy milk")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notices")).to_contain_text("You are offline.")
    await page.context.set_offline(False)
    await page.keyboard.press("Enter")
    await expect(page.locator("#tasks .title")).to_have_text(["buy milk"])


async def test_a_wrong_password_and_a_known_address_are_explained(visit: Watched) -> None:
    visit.refused = True
    page = visit.page
    await register(page, "known@example.com")
    await page.locator("#sign-out").press("Enter")
    await fill_in(page, "known@example.com", "not the password")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notices")).to_contain_text("The email or the password is wrong.")
    await page.locator("#register").press("Enter")
    await expect(page.locator("#notices .trace")).to_be_visible()
    await page.locator("#password").fill("short")
    await page.locator("#register").press("Enter")
    await expect(page.locator("#notices")).to_contain_text("10 to 72 bytes")


async def test_an_ended_session_asks_to_sign_in_again(visit: Watched) -> None:
    visit.refused = True
    page = visit.page
    await register(page)
    await page.evaluate(
        """async () => {
          const { refresh_token } = JSON.parse(sessionStorage.getItem("todo.session"));
          await fetch("/api/v1/auth/logout", {
            method: "POST", body: JSON.stringify({ refresh_token }),
            headers: { "content-type": "application/json" },
          });
        }"""
    )
    await page.reload()
    await expect(page.locator("#email")).to_be_focused()
    await expect(page.locator("#notices")).to_contain_text("Your session is over.")


async def test_too_many_requests_are_counted_down(
    backing: Backing, browser: Browser, tmp_path: Path
) -> None:
    async with (
        web_stack(tmp_path, **await backing.urls(), RATE_LIMIT_PER_MINUTE="3") as stack,
        watched_page(browser, stack.gateway.url) as watched,
    ):
        page = watched.page
        await register(page)
        await say(page, "list my tasks", "list tasks")
        await page.keyboard.type("add buy milk")
        await page.keyboard.press("Enter")
        notice = page.locator("#notices")
        await expect(notice).to_contain_text(re.compile(r"Too many requests. Wait \d+ s."))
        first = await notice.inner_text()
        await expect(notice).not_to_have_text(first)
        await expect(notice).to_contain_text(re.compile(r"Wait \d+ s."))
        await expect(page.locator("#message")).to_have_value("add buy milk")
        assert watched.elsewhere == []


async def test_a_token_is_replaced_before_it_ends(
    backing: Backing, browser: Browser, tmp_path: Path
) -> None:
    async with (
        web_stack(tmp_path, **await backing.urls(), ACCESS_TOKEN_SECONDS="60") as stack,
        watched_page(browser, stack.gateway.url) as watched,
    ):
        page = watched.page
        await page.clock.install()
        await register(page)
        first = await page.evaluate("sessionStorage.getItem('todo.session')")
        async with page.expect_response("**/auth/refresh") as refreshed:
            await page.clock.fast_forward("00:31")
        assert (await refreshed.value).status == 200
        await page.wait_for_function(
            "was => sessionStorage.getItem('todo.session') !== was", arg=first
        )
        await say(page, "add buy milk", "add task")
        await page.reload()
        await arrived(page)
        assert watched.complaints == []

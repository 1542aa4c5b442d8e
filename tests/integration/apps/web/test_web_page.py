"""The page in a real browser, before a real gateway and real services."""

import re

import pytest
from browser import Watched
from playwright.async_api import expect
from web_stack import WebStack
from web_visitor import arrived, fill_in, register, reminder, say, trace_of

# The first use on a machine fetches the browser.
pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


async def test_a_task_lives_and_ends_by_the_keyboard_alone(visit: Watched, stack: WebStack) -> None:
    page = visit.page
    await register(page)
    answer = await say(page, "add buy milk", "add task")
    task = page.locator("#tasks > li")
    await expect(task.locator(".title")).to_have_text("buy milk")
    said = await trace_of(answer)
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await expect(task).to_be_focused()
    await page.keyboard.press("x")
    await expect(task).to_have_class(re.compile("done"))
    await expect(task).to_be_focused()
    completed = await trace_of(task)
    await page.keyboard.press("x")
    await expect(task).not_to_have_class(re.compile("done"))
    await page.keyboard.press("Delete")
    await expect(page.locator("#confirm-text")).to_have_text("buy milk")
    await page.keyboard.press("Escape")
    await expect(page.locator("#confirm")).to_be_hidden()
    await expect(task).to_have_count(1)
    await page.keyboard.press("Delete")
    await page.keyboard.press("Enter")
    await expect(task).to_have_count(0)
    deleted = await trace_of(page.locator("#tasks-trace"))
    logged = {(each.get("trace_id"), each.get("message")) for each in stack.gateway.logged()}
    assert {
        (said, "POST /api/v1/chat 200"),
        (completed, "POST /api/v1/tasks/{task_id}/complete 200"),
        (deleted, "DELETE /api/v1/tasks/{task_id} 204"),
    } <= logged


async def test_a_reminder_arrives_without_a_reload(visit: Watched, stack: WebStack) -> None:
    page = visit.page
    user = await register(page)
    event = await stack.hand_on(reminder(user, "call mum", user), user)
    news = page.locator("#reminders > li")
    await expect(news.locator(".title")).to_have_text("call mum")
    trace = await trace_of(news)
    assert trace == event["traceparent"][3:35]
    await news.locator(".trace").press("Enter")
    await expect(news.locator(".trace")).to_have_text("copied")
    assert await page.evaluate("navigator.clipboard.readText()") == trace


async def test_a_task_that_was_made_elsewhere_appears(visit: Watched, stack: WebStack) -> None:
    page = visit.page
    user = await register(page)
    made = await stack.create_task(user, "from elsewhere")
    await expect(page.locator("#tasks .title")).to_have_text("from elsewhere")
    await expect(page.locator("#reminders .subject")).to_have_text("Task Created")
    assert await trace_of(page.locator("#reminders > li")) == made.headers["x-trace-id"]


async def test_a_question_is_answered_by_a_number(visit: Watched) -> None:
    page = visit.page
    await register(page)
    await say(page, "add pay rent on 3/4")
    choices = page.locator("#talk button.choice")
    await expect(choices.first).to_be_enabled()
    count = await choices.count()
    await page.keyboard.press("1")
    await expect(page.locator("#tasks .title")).to_have_text("pay rent")
    await expect(page.locator("#talk .line.person")).to_have_count(2)
    await expect(page.locator("#message")).to_have_value("")
    assert count >= 2
    await expect(choices.first).to_be_disabled()
    await page.keyboard.type("1")
    await expect(page.locator("#message")).to_have_value("1")


async def test_a_title_that_is_markup_is_shown_as_it_is(visit: Watched, stack: WebStack) -> None:
    page = visit.page
    user = await register(page)
    await stack.create_task(user, HOSTILE)
    await stack.hand_on(reminder(user, HOSTILE, user), user)
    await expect(page.locator("#tasks .title")).to_have_text(HOSTILE)
    await expect(page.locator("#reminders .reminder .title")).to_have_text(HOSTILE)
    await say(page, "list my tasks", "list tasks")
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await page.keyboard.press("Delete")
    await expect(page.locator("#confirm-text")).to_have_text(HOSTILE)
    assert await page.title() == "Todo"
    assert await page.locator("main img, main script, dialog img").count() == 0


async def test_filters_and_pages_of_the_list(visit: Watched, stack: WebStack) -> None:
    page = visit.page
    user = await register(page)
    for number in range(23):
        await stack.create_task(user, f"task {number}")
    await page.reload()
    await arrived(page)
    tasks = page.locator("#tasks > li")
    await expect(tasks).to_have_count(20)
    await page.keyboard.press("Escape")
    for key in "jk":
        await page.keyboard.press(key)
    await expect(tasks.first).to_be_focused()
    for _ in range(20):
        await page.keyboard.press("j")
    await expect(page.locator("#more")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(tasks).to_have_count(23)
    await expect(tasks.nth(20)).to_be_focused()
    await page.keyboard.press("x")
    await expect(tasks.nth(20)).to_have_class(re.compile("done"))
    await page.keyboard.press("f")
    await expect(tasks).to_have_count(1)
    await page.keyboard.press("f")
    await page.keyboard.press("f")
    await expect(page.locator("#filter [aria-pressed=true]")).to_have_text("Open")
    await expect(tasks).to_have_count(20)
    await expect(page.locator("#tasks .done")).to_have_count(0)


async def test_the_keys_are_shown_and_put_away(visit: Watched) -> None:
    page = visit.page
    await register(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("#keys")).to_be_hidden()
    await page.keyboard.press("/")
    await expect(page.locator("#message")).to_be_focused()
    await page.keyboard.type("j/x?")
    await expect(page.locator("#message")).to_have_value("j/x?")


async def test_a_session_lasts_over_a_reload_and_ends_on_request(visit: Watched) -> None:
    page = visit.page
    await register(page, "returning@example.com")
    first = await page.evaluate("sessionStorage.getItem('todo.session')")
    await page.reload()
    await arrived(page)
    second = await page.evaluate("sessionStorage.getItem('todo.session')")
    assert first != second
    await page.locator("#sign-out").press("Enter")
    await expect(page.locator("#email")).to_be_focused()
    assert await page.evaluate("sessionStorage.length + localStorage.length") == 0
    await fill_in(page, "returning@example.com")
    await page.keyboard.press("Enter")
    await arrived(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_sticks_out_of_a_narrow_screen(visit: Watched, scheme: str) -> None:
    page = visit.page
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size({"width": 360, "height": 700})
    await register(page)
    await say(page, "add " + "verylongword" * 12, "add task")
    await expect(page.locator("#tasks > li")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    contrasts = await page.evaluate(CONTRASTS)
    assert contrasts
    assert {name: ratio for name, ratio in contrasts.items() if ratio < 4.5} == {}


# The contrast of each text against the nearest ground that is not transparent.
CONTRASTS = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => {
    const parts = parse(text).slice(0, 3).map((value) => value / 255);
    const [r, g, b] = parts.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (parse(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = {};
  for (const node of document.querySelectorAll("h1, h2, p, span, button, kbd, time")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || !node.checkVisibility() || node.disabled) continue;
    const [one, two] = [light(getComputedStyle(node).color), light(ground(node))];
    const name = `${node.tagName}.${node.className} ${node.textContent.slice(0, 20)}`;
    found[name] = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  }
  return found;
}"""

"""The page in a real browser, offline, on a phone and a desk, by day and by night."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from browser import Watched, chromium
from playwright.async_api import Browser, Page
from simulated_run import simulate

from ballast.gate.report.latency_plot import FAILED, GAP
from ballast.gate.report.write import FILES, Format

PHONE, DESK = (375, 667), (1280, 800)
SCREENS = pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
ENDS = ("passed", "failed", "interrupted", "vacuous")
pytestmark = pytest.mark.asyncio(loop_scope="module")
COLOUR = """async png => {
    const image = new Image();
    image.src = 'data:image/png;base64,' + png;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const data = context.getImageData(0, 0, image.width, image.height).data;
    const sum = [0, 0, 0];
    data.forEach((value, place) => { if (place % 4 < 3) sum[place % 4] += value; });
    return sum.map(value => value / (data.length / 4));
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("runs")
    made = {
        "passed": simulate(root),
        "failed": simulate(root, slower=1.6, lost=3, late=1),
        "interrupted": simulate(root, stops_at=60.0),
        "vacuous": simulate(root, injected=False, compared=False),
    }
    return {end: folder.path / FILES[Format.HTML] for end, folder in made.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with chromium(tmp_path_factory.mktemp("browser")) as started:
        yield started


@asynccontextmanager
async def opened(
    browser: Browser, path: Path, screen: tuple[int, int], scheme: str = "light"
) -> AsyncIterator[Page]:
    """The file in a browser without a network; in the end it has asked for nothing else."""
    size = {"width": screen[0], "height": screen[1]}
    context = await browser.new_context(viewport=size, color_scheme=scheme, offline=True)
    try:
        watched = Watched(await context.new_page(), "file://")
        asked: list[str] = []
        watched.page.on("request", lambda request: asked.append(request.url))
        await watched.page.goto(path.as_uri())
        yield watched.page
        assert watched.complaints == []
        assert asked == [path.as_uri()]
    finally:
        await context.close()


async def box(page: Page, selector: str) -> dict[str, float]:
    found = await page.locator(selector).first.bounding_box()
    assert found is not None
    return dict(found)


async def colour(page: Page, left: float, top: float) -> list[float]:
    """Mean red, green and blue of a small square of the rendered page."""
    clip = {"x": left, "y": top, "width": 2, "height": 4}
    shot = base64.b64encode(await page.screenshot(clip=clip, full_page=True)).decode()
    blank = await page.context.new_page()
    try:
        return await blank.evaluate(COLOUR, shot)
    finally:
        await blank.close()


@SCREENS
@pytest.mark.parametrize("end", ENDS)
async def test_the_page_is_as_wide_as_the_screen_and_no_wider(browser, pages, end, screen) -> None:
    async with opened(browser, pages[end], screen) as page:
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width == screen[0]
        for drawing in await page.locator("svg[role=img]").all():
            place = await drawing.bounding_box()
            assert place is not None
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= screen[0]


@SCREENS
@pytest.mark.parametrize("end", ENDS)
async def test_verdict_and_reason_are_in_the_first_view(browser, pages, end, screen) -> None:
    async with opened(browser, pages[end], screen) as page:
        for selector in ("#verdict", ".why li"):
            place = await box(page, selector)
            assert place["y"] >= 0
            assert place["y"] + place["height"] <= screen[1]


@SCREENS
@SCHEMES
async def test_the_fault_is_shaded_where_it_was(browser, pages, screen, scheme) -> None:
    async with opened(browser, pages["passed"], screen, scheme) as page:
        plot, fault = await box(page, "#latency"), await box(page, "#latency .fault")
        assert plot["x"] < fault["x"] < fault["x"] + fault["width"] < plot["x"] + plot["width"]
        assert fault["height"] > 200
        # Between the curves and the bars of failed requests lies nothing but the ground.
        clear = fault["y"] + fault["height"] - FAILED - GAP + 4
        inside = await colour(page, fault["x"] + fault["width"] / 2 - 1, clear)
        outside = await colour(page, plot["x"] + plot["width"] / 3, clear)
        reddish = [seen[0] - (seen[1] + seen[2]) / 2 for seen in (inside, outside)]
        assert reddish[0] > reddish[1] + 30, (inside, outside)


@SCHEMES
async def test_both_schemes_have_readable_words(browser, pages, scheme) -> None:
    async with opened(browser, pages["failed"], PHONE, scheme) as page:
        ratios = await page.evaluate(CONTRASTS)
        assert len(ratios) > 50
        poor = [(words, round(ratio, 2)) for words, ratio in ratios if ratio < 4.5]
        assert poor == []
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") is (scheme == "light")


CONTRASTS = """() => {
    const parts = text => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const linear = [r, g, b].map(value => value / 255).map(
            value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const ground = element => {
        for (let each = element; each; each = each.parentElement) {
            const found = parts(getComputedStyle(each).backgroundColor);
            if (found.length === 3 || found[3] > 0) return found;
        }
    };
    const words = [...document.querySelectorAll('main *')].filter(element =>
        !element.closest('svg') && element.getClientRects().length
        && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
    return words.map(element => {
        const [ink, paper] = [parts(getComputedStyle(element).color), ground(element)].map(light);
        const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        return [element.textContent.slice(0, 40), ratio];
    });
}"""


@SCREENS
async def test_labels_of_the_plots_are_as_large_as_text_on_every_screen(
    browser, pages, screen
) -> None:
    async with opened(browser, pages["passed"], screen) as page:
        heights = await page.evaluate(
            "[...document.querySelectorAll('svg[role=img] text')]"
            ".map(text => text.getBoundingClientRect().height)"
        )
        assert min(heights) >= 11


@SCREENS
async def test_no_label_of_a_plot_covers_another(browser, pages, screen) -> None:
    async with opened(browser, pages["failed"], screen) as page:
        covered = await page.evaluate(COVERED)
        assert covered == []


COVERED = """() => [...document.querySelectorAll('svg[role=img]')].flatMap(svg => {
    const boxes = [...svg.querySelectorAll('text')].map(
        text => [text.textContent, text.getBoundingClientRect()]);
    return boxes.flatMap(([a, one], n) => boxes.slice(n + 1)
        .filter(([, two]) => one.left < two.right - 1 && two.left < one.right - 1
            && one.top < two.bottom - 3 && two.top < one.bottom - 3)
        .map(([b]) => `${svg.id}: ${a} / ${b}`));
})"""


async def test_a_wide_table_scrolls_in_its_own_box(browser, pages) -> None:
    async with opened(browser, pages["failed"], PHONE) as page:
        boxes = await page.evaluate(
            "[...document.querySelectorAll('.scroll')]"
            ".map(each => [each.clientWidth, getComputedStyle(each).overflowX])"
        )
        assert boxes
        assert all(width <= PHONE[0] and flow == "auto" for width, flow in boxes)

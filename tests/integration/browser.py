"""A real Chromium without a window, from the packages that the lock names; nothing is installed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

from ballast.supply.host_root import ensure_host_root, library_path

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browser]:
    """A browser that keeps what it must keep in `folder`."""
    root = ensure_host_root("chromium")
    fonts = folder / "fonts.conf"
    fonts.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>'
        f"<dir>{escape(str(root / 'usr/share/fonts'))}</dir>"
        f"<cachedir>{escape(str(folder / 'font-cache'))}</cachedir></fontconfig>"
    )
    environment = {
        "LD_LIBRARY_PATH": library_path(root),
        "FONTCONFIG_FILE": str(fonts),
        "HOME": str(folder),
    }
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=root / "usr/lib/chromium/chromium-headless-shell",
            args=FLAGS,
            env=dict(environment),
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Watched:
    """A page and everything that it should not do: complain, or ask another origin.

    The browser itself complains of each refused request; `refused` says that this is expected.
    """

    page: Page
    origin: str
    refused: bool = False
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        expected = self.refused and message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.elsewhere.append(request.url)


@asynccontextmanager
async def watched_page(browser: Browser, origin: str, width: int = 1200) -> AsyncIterator[Watched]:
    """A new page on `origin` with storage of its own."""
    context = await browser.new_context(
        base_url=origin,
        viewport={"width": width, "height": 800},
        permissions=["clipboard-read", "clipboard-write"],
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    try:
        yield Watched(await context.new_page(), origin)
    finally:
        await context.close()

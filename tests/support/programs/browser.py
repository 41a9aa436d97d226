"""Debian's Chromium, driven by Playwright, and pages in it that are watched."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.support.programs.installed import Progress, program

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium(progress: Progress) -> Generator[Browser]:
    """A browser without a window, on this machine alone. Unavailable when it cannot be had.

    Meanwhile the thread has a running event loop.
    """
    path = next(filter(None, map(shutil.which, _NAMES)), None) or program("chromium", "chromium", progress)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking", "--no-proxy-server"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page of a browser, and what it complained of and asked for since it was opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.paths: list[str] = []
        self.origins: set[str] = set()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._requested)

    def _requested(self, request: Request) -> None:
        url = urlsplit(request.url)
        self.origins.add(f"{url.scheme}://{url.netloc}")
        self.paths.append(url.path)

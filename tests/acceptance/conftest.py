"""Fixtures of tests in a browser: here, so that tests of other kinds do without Playwright."""

from collections.abc import Generator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.support.programs.browser import chromium
from tests.support.programs.installed import Progress, Unavailable


@pytest.fixture(scope="module")
def browser(progress: Progress) -> Generator[Browser]:
    with ExitStack() as open_until_the_end:
        try:
            started = open_until_the_end.enter_context(chromium(progress))
        except Unavailable as reason:
            pytest.skip(str(reason))
        yield started

"""Takes the picture of the live page: `uv run --group browser python -m tests.screenshot`. It takes a minute."""

import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser

from tests.support.processes.thunder import Thunder
from tests.support.programs.browser import chromium

PICTURE = Path(__file__).parents[1] / "docs" / "live-page.png"
_SECONDS_OF_LIFE = 50
"""For the lines beside the timeline to become long enough to see."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Thunder(Path(folder))) as thunder:
        demo = thunder.start("demo")
        address = demo.wait_for_output(r"Watch it in a browser: (\S+)", timeout=60)[1]
        with chromium(print) as browser:
            _take(browser, address)
        demo.terminate()
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")


def _take(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1080, "height": 720}, color_scheme="light", reduced_motion="reduce")
    page.goto(address)
    page.locator("#posts li").first.wait_for()
    page.wait_for_timeout(_SECONDS_OF_LIFE * 1000)
    PICTURE.parent.mkdir(exist_ok=True)
    page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()

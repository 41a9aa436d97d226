"""The live page as a person sees it: a real browser, real processes."""

import time
from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, ViewportSize, expect

from common.post import LightPost
from ingest.events import PostDelete
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.ingest_workers import IngestWorkers
from tests.support.processes.thunder import Role, Thunder
from tests.support.programs.browser import Watched
from tests.support.redis.shown_store import ShownStore

ADA, BO, CY, DEE = 2**63 - 1, 2, 3, 4
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"> & <b>bold</b>"
PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1200, "height": 800}

Open = Callable[..., Watched]


@pytest.fixture
def store(redis_url: str) -> ShownStore:
    """Ada follows Bo and Cy, Dee follows Cy alone."""
    store = ShownStore(redis_url)
    store.follow(ADA, BO, CY)
    store.follow(DEE, CY)
    store.name({ADA: "Ada Aiko", BO: "Bo Park", CY: HOSTILE})
    return store


@pytest.fixture
def server(thunder: Thunder, redis_url: str, store: ShownStore) -> Role:
    role = thunder.start("serve", "--redis-url", redis_url, "--live-page", "--follow-store")
    role.wait_until_ready()
    return role


@pytest.fixture
def open_page(browser: Browser, server: Role) -> Generator[Open]:
    """Opens the page, with a fragment and a viewport of the caller's choice."""
    contexts: list[BrowserContext] = []

    def open_page(fragment: str = "", viewport: ViewportSize = DESKTOP) -> Watched:
        context = browser.new_context(viewport=viewport)
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.goto(f"http://127.0.0.1:{server.http_port}/{fragment}")
        return watched

    yield open_page
    for context in contexts:
        context.close()


def post(post_id: int, author: int, seconds_ago: int = 30, *, has_video: bool = False) -> LightPost:
    return LightPost(post_id, author, int(time.time()) - seconds_ago, has_video=has_video, conversation_id=post_id)


def reply(post_id: int, author: int, parent: LightPost) -> LightPost:
    return post(post_id, author, 10)._replace(
        is_reply=True,
        in_reply_to_post_id=parent.post_id,
        in_reply_to_user_id=parent.author_id,
        conversation_id=parent.conversation_id,
    )


def posts_of(watched: Watched) -> Locator:
    return watched.page.locator("#posts li")


def post_of(watched: Watched, post_id: int) -> Locator:
    return watched.page.locator(f"#posts li[data-id='{post_id}']")


def test_it_fills_as_events_arrive_and_a_deleted_post_disappears(
    open_page: Open, thunder: Thunder, kafka: KafkaBroker, redis_url: str
) -> None:
    ingest = IngestWorkers(thunder, kafka, redis_url)
    ingest.ready()
    watched = open_page(f"#{ADA}")
    expect(watched.page.locator("#note")).to_contain_text("Posts will appear here as they arrive")
    expect(watched.page.locator("#choose")).to_contain_text("Ada Aiko")
    expect(watched.page.locator("#readiness")).to_have_text("ready")

    first, second = post(10, BO, 40), post(11, BO, 20, has_video=True)
    ingest.produce(first, second, reply(12, BO, first), post(13, 99))
    expect(posts_of(watched)).to_have_count(3)
    expect(post_of(watched, 10)).to_contain_text("Bo Park posted")
    expect(post_of(watched, 11)).to_contain_text("you follow its author")
    expect(post_of(watched, 11).locator(".kind")).to_contain_text("video")
    expect(post_of(watched, 12)).to_contain_text("Bo Park replied to themselves")
    expect(post_of(watched, 12)).to_contain_text("answers the post that began the conversation")
    assert [item.get_attribute("data-id") for item in posts_of(watched).all()] == ["12", "11", "10"]

    ingest.produce(PostDelete(11, int(time.time())))
    expect(post_of(watched, 11)).to_have_count(0)
    expect(posts_of(watched)).to_have_count(2)
    expect(watched.page.locator("[data-figure=lag] b")).to_have_text("0")
    expect(watched.page.locator("[data-figure=lag]")).to_contain_text("1 ingest worker")
    expect(watched.page.locator("[data-figure=latency] b")).not_to_have_text("\N{EN DASH}")

    assert watched.complaints == []
    assert watched.origins == {watched.page.evaluate("location.origin")}


def test_another_viewer_is_chosen_by_name_or_by_id(open_page: Open, store: ShownStore) -> None:
    store.write(post(10, BO), post(11, CY))
    watched = open_page()
    expect(watched.page.locator("#choose")).to_contain_text("Ada Aiko")
    expect(posts_of(watched)).to_have_count(2)

    watched.page.click("#choose")
    expect(watched.page.locator("#viewers li")).to_have_count(2)
    watched.page.locator("#viewers li", has_text=f"id {DEE}").click()
    expect(watched.page.locator("#choose")).to_contain_text("follows 1 person")
    expect(posts_of(watched)).to_have_count(1)
    expect(post_of(watched, 11)).to_be_visible()

    watched.page.click("#choose")
    watched.page.fill("#search", "ada")
    watched.page.press("#search", "Enter")
    expect(posts_of(watched)).to_have_count(2)

    watched.page.click("#choose")
    watched.page.fill("#search", "404")
    watched.page.press("#search", "Enter")
    expect(watched.page.locator("#note")).to_contain_text("follows no one")
    expect(posts_of(watched)).to_have_count(0)
    assert watched.complaints == []


def test_videos_only_shows_videos_only(open_page: Open, store: ShownStore) -> None:
    store.write(post(10, BO), post(11, BO, has_video=True))
    watched = open_page(f"#{ADA}")
    expect(posts_of(watched)).to_have_count(2)
    watched.page.check("#videos")
    expect(posts_of(watched)).to_have_count(1)
    expect(post_of(watched, 11)).to_be_visible()


def test_a_hostile_name_is_text(open_page: Open, store: ShownStore) -> None:
    store.write(post(10, CY))
    watched = open_page(f"#{ADA}")
    expect(post_of(watched, 10).locator(".what b").first).to_have_text(HOSTILE)
    assert watched.page.locator("#posts img").count() == 0
    assert watched.page.title() == "Thunder"
    assert watched.complaints == []
    assert set(watched.paths) == {"/", "/page.css", "/page.js", "/page.svg", "/page/now"}


def test_a_phone_need_not_scroll_sideways(open_page: Open, store: ShownStore) -> None:
    store.name({BO: "Wolfeschlegelsteinhausenbergerdorff" * 2, ADA: "N" * 80})
    store.write(first := post(10, BO), reply(11, CY, first))
    watched = open_page(f"#{ADA}", PHONE)
    expect(posts_of(watched)).to_have_count(2)
    width = "document.documentElement.scrollWidth"
    assert watched.page.evaluate(width) == PHONE["width"]
    watched.page.click("#choose")
    expect(watched.page.locator("#viewers li")).to_have_count(2)
    assert watched.page.evaluate(width) == PHONE["width"]


def test_a_server_that_goes_away_is_missed_and_found_again(
    open_page: Open, server: Role, thunder: Thunder, store: ShownStore, redis_url: str
) -> None:
    store.write(post(10, BO))
    watched = open_page(f"#{ADA}")
    expect(posts_of(watched)).to_have_count(1)
    assert server.terminate() == 0
    expect(watched.page.locator("#away")).to_be_visible()
    expect(watched.page.locator("#readiness")).to_have_text("no answer")
    expect(posts_of(watched)).to_have_count(1)

    store.write(post(11, BO))
    flags = ("--live-page", "--follow-store", "--http-port", str(server.http_port))
    thunder.start("serve", "--redis-url", redis_url, *flags)
    expect(posts_of(watched)).to_have_count(2, timeout=20_000)
    expect(watched.page.locator("#away")).to_be_hidden()


def test_a_hidden_page_sends_no_requests(open_page: Open) -> None:
    watched = open_page(f"#{ADA}")
    watched.page.clock.install()
    watched.page.reload()
    expect(watched.page.locator("#readiness")).to_have_text("ready")
    set_hidden(watched, hidden=True)
    watched.page.wait_for_load_state("networkidle")
    asked = watched.paths.count("/page/now")
    watched.page.clock.fast_forward(60_000)
    watched.page.wait_for_load_state("networkidle")
    assert watched.paths.count("/page/now") == asked
    with watched.page.expect_request("**/page/now*"):
        set_hidden(watched, hidden=False)


def set_hidden(watched: Watched, *, hidden: bool) -> None:
    """As if the tab were put behind another, or in front again."""
    watched.page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )

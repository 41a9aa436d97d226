"""Requests of the live page, on a real Redis and a real Redis Cluster."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from pydantic import SecretStr

from common.post import LightPost
from common.settings.serve import ServeSettings
from common.store.client import StoreClient
from common.store.keys import KeySpace
from common.store.worker_status import WorkerStatus, write_worker_status
from serve.page.store import PageStore
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.servers import RedisServer
from tests.support.redis.shown_store import ShownStore

ADA, BO, CY = 2**63 - 1, 2, 3
FLAGS = ("--live-page", "--follow-store")

Json = dict[str, Any]


def started(thunder: Thunder, url: str, *flags: str) -> Role:
    role = thunder.start("serve", "--redis-url", url, *flags)
    role.wait_until_ready()
    return role


def get(role: Role, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{role.http_port}{path}", timeout=10) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def now(role: Role, query: str = "") -> Json:
    status, text = get(role, f"/page/now{query}")
    assert status == 200, text
    return json.loads(text)


def test_a_timeline_comes_with_names_reasons_and_figures(thunder: Thunder, store_url: str) -> None:
    store, at = ShownStore(store_url), int(time.time()) - 60
    store.follow(ADA, BO, CY)
    store.name({ADA: "Ada", BO: "Bo"})
    store.write(
        LightPost(10, BO, at, conversation_id=10),
        LightPost(11, CY, at + 1, in_reply_to_post_id=10, in_reply_to_user_id=BO, is_reply=True, conversation_id=10),
        LightPost(12, CY, at + 2, in_reply_to_post_id=11, in_reply_to_user_id=CY, is_reply=True, conversation_id=10),
        LightPost(13, BO, at + 3, has_video=True),
        LightPost(14, 99, at + 4),
    )
    role = started(thunder, store_url, *FLAGS)
    meta = StoreClient(store_url, KeySpace().buckets, 5).meta_client()
    write_worker_status(meta, "ended", WorkerStatus(time.time() - 30, 7, lag=1000))
    write_worker_status(meta, "a", WorkerStatus(time.time(), 100, lag=3, posts=5))  # counts for seconds only

    shown = now(role, f"?viewer={ADA}")
    assert shown["timeline"]["viewer"] == {"id": str(ADA), "name": "Ada", "follows": 2}
    assert [(post["id"], post["author"]["name"], post["kind"], post["why"]) for post in shown["timeline"]["posts"]] == [
        ("13", "Bo", "video", "you follow its author"),
        ("12", None, "reply", "goes on with a conversation, answering someone you follow"),
        ("11", None, "reply", "answers the post that began the conversation"),
        ("10", "Bo", "post", "you follow its author"),
    ]
    assert (shown["timeline"]["partial"], shown["not_ready"]) == (False, None)
    assert abs(shown["now"] - time.time()) < 5
    assert shown["ingest"] == {"workers": 1, "events_per_second": None, "lag": 3, "stored_posts": 5}
    assert now(role, f"?viewer={ADA}")["serving"]["requests_per_second"] > 0

    assert [post["id"] for post in now(role, f"?viewer={ADA}&videos=1")["timeline"]["posts"]] == ["13"]
    assert json.loads(get(role, "/page/viewers")[1]) == {"viewers": [{"id": str(ADA), "name": "Ada", "follows": 2}]}
    assert role.metrics().value("strato_requests_total", endpoint="following", status="success") == 3


def test_unknown_viewer_has_an_empty_timeline(thunder: Thunder, redis_url: str) -> None:
    ShownStore(redis_url)
    role = started(thunder, redis_url, *FLAGS)
    timeline = now(role, "?viewer=404")["timeline"]
    assert (timeline["posts"], timeline["viewer"]) == ([], {"id": "404", "name": None, "follows": 0})
    assert now(role)["timeline"] is None
    assert json.loads(get(role, "/page/viewers")[1]) == {"viewers": []}


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/page/now?viewer=0", "viewer is a number from 1 to 9223372036854775807\n"),
        ("/page/now?user=1", "no such parameter: 'user'; there is viewer and videos\n"),
        ("/page/viewers?all=1", "no such parameter: 'all'; there is none\n"),
        ("/?x=1", "no such parameter: 'x'; there is none\n"),
    ],
)
def test_a_wrong_query_is_a_bad_request(path: str, complaint: str, thunder: Thunder, redis_url: str) -> None:
    ShownStore(redis_url)
    assert get(started(thunder, redis_url, *FLAGS), path) == (400, complaint)


def test_without_the_setting_there_is_no_page(thunder: Thunder, redis_url: str) -> None:
    ShownStore(redis_url)
    role = started(thunder, redis_url, "--follow-store")
    assert {role.status(path) for path in ("/", "/page.js", "/page/now", "/page/viewers")} == {404}


def test_a_page_without_follow_lists_is_a_wrong_setting(thunder: Thunder) -> None:
    done = thunder.run("serve", "--live-page")
    assert done.returncode == 2
    assert "live_page needs follow_store" in done.stderr


def test_the_page_tells_that_the_store_is_away(thunder: Thunder, redis_url: str, redis_server: RedisServer) -> None:
    ShownStore(redis_url).follow(ADA, BO)
    role = started(thunder, redis_url, *FLAGS, "--redis-timeout-ms", "200")
    with redis_server.frozen():
        shown = now(role, f"?viewer={ADA}")
        assert shown["timeline"] == {"problem": "The store cannot be reached, please retry"}
        assert shown["ingest"]["workers"] == 0
        assert get(role, "/page/viewers")[0] == 503
    assert now(role, f"?viewer={ADA}")["timeline"]["posts"] == []


def test_close_waits_for_one_reader_at_most(redis_server: RedisServer) -> None:
    store = PageStore(ServeSettings(redis_url=SecretStr(redis_server.url), redis_timeout_ms=1500))
    with redis_server.frozen(), ThreadPoolExecutor(10) as readers:
        reading = [readers.submit(store.workers) for _ in range(10)]
        store.close()
    reasons = [str(each.exception()) for each in reading]
    assert reasons.count("the page is no longer shown") >= 8

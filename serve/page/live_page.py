"""The paths of the live page, and what they return. For the event loop of the HTTP port."""

import asyncio
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.post import MAX_ID
from common.store.worker_status import fresh
from common.telemetry.http_routes import BadQuery, Parameters, Response, Routes, only
from serve.page.admission import TimelineAsker
from serve.page.assets import asset_routes
from serve.page.ingest_figures import IngestBoard
from serve.page.serving_figures import Served, ServingBoard
from serve.page.store import PageStore
from serve.page.timeline_json import Json, people_in, person_as_json, posts_as_json
from serve.rpc_errors import RpcFailure

POSTS = 60
"""Posts that the page shows."""


class TimelineQuery(NamedTuple):
    """What a browser wants to see. viewer: None for the figures alone."""

    viewer: int | None
    videos: bool


class LivePage:
    """Shows one server."""

    def __init__(
        self,
        asker: TimelineAsker,
        store: PageStore,
        served: Callable[[], Served],
        board: ServingBoard,
        not_ready: Callable[[], str | None],
    ) -> None:
        self._asker = asker
        self._store = store
        self._served = served
        self._serving = board
        self._ingest = IngestBoard()
        self._not_ready = not_ready

    def routes(self) -> Routes:
        """Everything that the page needs. Blocks on the disk."""
        return {**dict(asset_routes()), "/page/viewers": self._show_viewers, "/page/now": self._show_now}

    async def _show_viewers(self, parameters: Parameters) -> Response:
        only(parameters)
        try:
            viewers = await asyncio.to_thread(self._store.viewers)
        except StoreUnavailable:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, b"the store cannot be reached\n")
        return _json({"viewers": [{**viewer._asdict(), "id": str(viewer.id)} for viewer in viewers]})

    async def _show_now(self, parameters: Parameters) -> Response:
        wish = read_timeline_query(parameters)
        timeline = await self._timeline(wish.viewer, wish.videos) if wish.viewer else None
        return _json(
            {
                "now": time.time(),
                "not_ready": self._not_ready(),
                "timeline": timeline,
                "ingest": await self._ingest_figures(),
                "serving": self._serving.figures(self._served(), time.monotonic())._asdict(),
            }
        )

    async def _timeline(self, viewer: int, videos: bool) -> Json:
        """A timeline, or the problem that there is with it."""
        ended = await self._asker.ask(
            GetInNetworkPostsRequest(user_id=viewer, is_video_request=videos, max_results=POSTS)
        )
        if isinstance(ended, RpcFailure):
            return {"problem": ended.message}
        posts = ended.response.posts
        try:
            known = await asyncio.to_thread(self._store.acquaintance, viewer, people_in(posts) | {viewer})
        except StoreUnavailable:
            return {"problem": "The store cannot be reached"}
        return {
            "viewer": {**person_as_json(viewer, known), "follows": known.follows},
            "posts": posts_as_json(posts, known),
            "partial": ended.response.partial,
            "took_ms": round(ended.seconds * 1000, 2),
        }

    async def _ingest_figures(self) -> Json:
        try:
            statuses = await asyncio.to_thread(self._store.workers)
        except StoreUnavailable:
            statuses = {}
        return self._ingest.figures(fresh(statuses, time.time()))._asdict()


def read_timeline_query(parameters: Parameters) -> TimelineQuery:
    """What the query asks for. BadQuery."""
    only(parameters, "viewer", "videos")
    viewer, videos = parameters.get("viewer"), parameters.get("videos", "0")
    if videos not in ("0", "1"):
        raise BadQuery("videos is 0 or 1")
    return TimelineQuery(None if viewer is None else _id(viewer), videos == "1")


def _id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= MAX_ID):
        raise BadQuery(f"viewer is a number from 1 to {MAX_ID}")
    return int(text)


def _json(content: Json) -> Response:
    return Response(HTTPStatus.OK, json.dumps(content, ensure_ascii=False).encode(errors="replace"), "application/json")

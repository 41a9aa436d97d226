"""The routes of the live page that return JSON. For the event loop of the HTTP port."""

import asyncio
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from common.errors import StoreUnavailable
from common.ids import MAX_ID, parse_id
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.store.worker_status import fresh
from common.telemetry.http_routes import BadQuery, Parameters, Response, Routes, only
from serve.page.figures import IngestBoard, Served, ServingBoard
from serve.page.store import PageStore
from serve.page.timeline_client import TimelineClient
from serve.page.timeline_json import Json, people_in, person_as_json, posts_as_json
from serve.rpc_errors import RpcFailure

POSTS = 60
"""Posts that the page shows."""


class TimelineQuery(NamedTuple):
    """The parameters of a browser's request. viewer: None for the figures alone."""

    viewer: int | None
    videos: bool


class LivePage:
    """Shows one server."""

    def __init__(
        self,
        client: TimelineClient,
        store: PageStore,
        served: Callable[[], Served],
        board: ServingBoard,
        not_ready: Callable[[], str | None],
    ) -> None:
        self._client = client
        self._store = store
        self._served = served
        self._serving = board
        self._ingest = IngestBoard()
        self._not_ready = not_ready

    def routes(self) -> Routes:
        """The routes by path."""
        return {"/page/viewers": self._show_viewers, "/page/now": self._show_now}

    async def _show_viewers(self, parameters: Parameters) -> Response:
        only(parameters)
        try:
            viewers = await asyncio.to_thread(self._store.viewers)
        except StoreUnavailable:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, b"the store cannot be reached\n")
        return _json({"viewers": [{**viewer._asdict(), "id": str(viewer.id)} for viewer in viewers]})

    async def _show_now(self, parameters: Parameters) -> Response:
        query = read_timeline_query(parameters)
        timeline = await self._timeline(query.viewer, query.videos) if query.viewer else None
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
        """A timeline, or the problem that prevents it."""
        result = await self._client.request_timeline(
            GetInNetworkPostsRequest(user_id=viewer, is_video_request=videos, max_results=POSTS)
        )
        if isinstance(result, RpcFailure):
            return {"problem": result.message}
        posts = result.response.posts
        try:
            known = await asyncio.to_thread(self._store.follows_of, viewer, people_in(posts) | {viewer})
        except StoreUnavailable:
            return {"problem": "The store cannot be reached"}
        return {
            "viewer": {**person_as_json(viewer, known), "follows": known.follows},
            "posts": posts_as_json(posts, known),
            "partial": result.response.partial,
            "took_ms": round(result.seconds * 1000, 2),
        }

    async def _ingest_figures(self) -> Json:
        try:
            statuses = await asyncio.to_thread(self._store.workers)
        except StoreUnavailable:
            statuses = {}
        return self._ingest.figures(fresh(statuses, time.time()))._asdict()


def read_timeline_query(parameters: Parameters) -> TimelineQuery:
    """Parse the parameters. BadQuery."""
    only(parameters, "viewer", "videos")
    viewer, videos = parameters.get("viewer"), parameters.get("videos", "0")
    if videos not in ("0", "1"):
        raise BadQuery("videos is 0 or 1")
    return TimelineQuery(None if viewer is None else _id(viewer), videos == "1")


def _id(text: str) -> int:
    parsed = parse_id(text)
    if parsed is None:
        raise BadQuery(f"viewer is a number from 1 to {MAX_ID}")
    return parsed


def _json(content: Json) -> Response:
    return Response(HTTPStatus.OK, json.dumps(content, ensure_ascii=False).encode(errors="replace"), "application/json")

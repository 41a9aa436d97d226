"""Shows the live page on the HTTP port while a server serves, if its settings say so; and the page's static files."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.resources import files

from common.settings.serve import ServeSettings
from common.telemetry.http_routes import Parameters, Response, Route, only
from serve.metrics import ServeMetrics
from serve.page.figures import Served, ServingBoard
from serve.page.live_page import LivePage
from serve.page.store import PageStore
from serve.page.timeline_client import TimelineClient
from serve.readiness.state import ServingState
from serve.wiring import Service

_SECONDS_PER_REQUEST = 2.0

_FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/page.svg": ("page.svg", "image/svg+xml"),
}


@asynccontextmanager
async def live_page(settings: ServeSettings, service: Service, state: ServingState) -> AsyncGenerator[None]:
    """Show the page while the context lasts, or nothing. For the event loop that serves."""
    if not settings.live_page:
        yield
        return
    store = PageStore(settings)
    timeout = settings.request_timeout_ms / 1000 or _SECONDS_PER_REQUEST
    client = TimelineClient(service.posts, asyncio.get_running_loop(), timeout)
    board = ServingBoard(service.metrics.durations.bounds)
    page = LivePage(client, store, lambda: _served(service.metrics), board, state.not_ready)
    state.set_routes({**dict(static_files()), **page.routes()})
    try:
        yield
    finally:
        state.set_routes({})
        await asyncio.to_thread(store.close)


def static_files() -> Iterator[tuple[str, Route]]:
    """A path and its route for each file. Blocks on the disk: read once, at start."""
    for path, (name, content_type) in _FILES.items():
        content = files("serve.page").joinpath(name).read_bytes()
        yield path, _route(Response(HTTPStatus.OK, content, content_type))


def _route(response: Response) -> Route:
    async def show(parameters: Parameters) -> Response:
        only(parameters)
        return response

    return show


def _served(metrics: ServeMetrics) -> Served:
    return Served(metrics.durations.counts, metrics.posts.sum)

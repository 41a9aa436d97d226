"""When the live page is there: while a server serves, if its settings say so."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from common.settings.serve import ServeSettings
from serve.metrics import ServeMetrics
from serve.page.admission import TimelineAsker
from serve.page.live_page import LivePage
from serve.page.serving_figures import Served, ServingBoard
from serve.page.store import PageStore
from serve.readiness.state import ServingState
from serve.wiring import Service

_SECONDS_PER_REQUEST = 2.0


@asynccontextmanager
async def shown(settings: ServeSettings, service: Service, state: ServingState) -> AsyncGenerator[None]:
    """Show the page on the HTTP port, or nothing. For the event loop that serves."""
    if not settings.live_page:
        yield
        return
    store = PageStore(settings)
    budget = settings.request_timeout_ms / 1000 or _SECONDS_PER_REQUEST
    asker = TimelineAsker(service.intake, asyncio.get_running_loop(), budget)
    board = ServingBoard(service.metrics.durations.bounds)
    page = LivePage(asker, store, lambda: _served(service.metrics), board, state.not_ready)
    state.shows(page.routes())
    try:
        yield
    finally:
        state.shows({})
        await asyncio.to_thread(store.close)


def _served(metrics: ServeMetrics) -> Served:
    return Served(metrics.durations.counts, metrics.posts.sum)

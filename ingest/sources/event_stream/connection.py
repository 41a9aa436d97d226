"""Opens a stream of server-sent events over HTTP, and reads it to its end."""

import logging
from collections.abc import Generator, Mapping
from functools import partial
from typing import NamedTuple

import httpx

from common.errors import ConfigurationError
from common.lifecycle import Stop
from ingest.sources.connection import ConnectionLost, Sign
from ingest.sources.event_stream.decoder import EventDecoder, SentEvent
from ingest.sources.stream_request import (
    OPEN_TIMEOUT,
    end_reads,
    rejected_by_server,
    retry_after,
    shown_url,
    user_agent,
)

MAX_EVENT_BYTES = 1024 * 1024
"""Bytes of data of an event; a larger one has none."""

_CONTENT_TYPE = "text/event-stream"

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every attempt


class EventStream(NamedTuple):
    """A request for a stream.

    contact: of the operator, for the User-Agent. headers: besides those of every stream; secret ones must not follow
    a redirect. longest_silence: seconds without a byte after which the connection counts as lost.
    """

    url: str
    contact: str | None
    longest_silence: float
    headers: Mapping[str, str] = {}
    follows_redirects: bool = True

    def read(self, abandoned: Stop) -> Generator[SentEvent | Sign]:
        """Events of one connection until it ends. Raises ConnectionLost, or ConfigurationError for a refusal."""
        decoder = EventDecoder(MAX_EVENT_BYTES)
        try:
            with httpx.stream(
                "GET",
                self.url,
                headers=self._all_headers(),
                timeout=httpx.Timeout(OPEN_TIMEOUT, read=self.longest_silence),
                follow_redirects=self.follows_redirects,
            ) as response:
                abandoned.call_when_set(
                    partial(end_reads, response.extensions["network_stream"].get_extra_info("socket"))
                )
                self._check(response)
                yield Sign.CONNECTED
                for piece in response.iter_bytes():
                    yield Sign.ALIVE  # a comment, too, shows that the server is there
                    yield from decoder.decode(piece)
        except httpx.ReadTimeout as silence:
            raise ConnectionLost(f"the server sent nothing for {self.longest_silence:g} s", decoder.retry) from silence
        except httpx.HTTPError as error:
            raise ConnectionLost(f"{type(error).__name__}: {error}", decoder.retry) from error
        raise ConnectionLost("the server ended the stream", decoder.retry)

    def _all_headers(self) -> dict[str, str]:
        """Nothing is compressed: a small response never grows large."""
        return {
            "Accept": _CONTENT_TYPE,
            "Accept-Encoding": "identity",
            "Cache-Control": "no-store",
            "User-Agent": user_agent(self.contact),
            **self.headers,
        }

    def _check(self, response: httpx.Response) -> None:
        if response.has_redirect_location:
            to = shown_url(str(response.url.join(response.headers["Location"])))
            raise ConfigurationError(
                f"{shown_url(self.url)} redirects to {to}, which is not followed: set that address"
            )
        if response.status_code != 200:
            wait = retry_after(response.headers.get("Retry-After"))
            raise rejected_by_server(self.url, response.status_code, wait, _beginning(response))
        if not response.headers.get("Content-Type", "").startswith(_CONTENT_TYPE):
            raise ConnectionLost(f"the server answered with a content type other than {_CONTENT_TYPE}")


def _beginning(response: httpx.Response) -> bytes:
    """The first piece of a body as it was sent, empty when there is none."""
    try:
        return next(response.iter_raw(), b"")
    except httpx.HTTPError:
        return b""

"""Requests and responses of the HTTP port. Pure."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from common.settings.process import is_loopback

_MOST_PARAMETERS = 8
_OPENMETRICS = "application/openmetrics-text"
_QUALITY = re.compile(r";\s*q=([01](?:\.[0-9]*)?)")

_FOR_BROWSERS = (
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
)
"""Browsers store nothing, and run and fetch only what comes from this port."""


class Response(NamedTuple):
    """Response of a path."""

    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain; charset=utf-8"

    def encode(self, *, with_body: bool = True) -> bytes:
        """The whole response, or its head alone. Each connection carries one."""
        head = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\n"
            f"Content-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\n"
            f"{_FOR_BROWSERS}"
            "Connection: close\r\n\r\n"
        )
        return head.encode("ascii") + (self.body if with_body else b"")


class BadQuery(Exception):
    """The query of a request is wrong. The message is returned to the caller."""


Parameters = Mapping[str, str]
"""The query of a request, by name."""

Route = Callable[[Parameters], Awaitable[Response]]
"""Answers one path, in the event loop of the port. May raise BadQuery; bounded by the port's time per request."""

Routes = Mapping[str, Route]
"""By path."""


def parameters_of(query: str) -> Parameters:
    """Parameters behind the question mark. BadQuery when a name is repeated, or there are too many."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise BadQuery(f"at most {_MOST_PARAMETERS} parameters") from error
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise BadQuery("each parameter may be given once")
    return parameters


def is_addressed(head: bytes, names: Collection[str]) -> bool:
    """Whether a request, of which this is the head, was sent to this machine by a name of its own, or by one of these.

    A browser that was led here by a name of a stranger, whose address was changed meanwhile, sends that name.
    """
    try:
        [host] = [urlsplit(f"//{host}").hostname for host in _values_of(head, b"host")]
    except ValueError:
        return False
    return host is not None and (is_loopback(host) or host in names)


def prefers_openmetrics(head: bytes) -> bool:
    """Whether a request, of which this is the head, ranks OpenMetrics above Prometheus's plain text format."""
    offers = [offer.strip().lower() for value in _values_of(head, b"accept") for offer in value.split(",")]
    best = max((offer for offer in offers if offer.startswith((_OPENMETRICS, "text/plain"))), key=_quality, default="")
    return best.startswith(_OPENMETRICS) and _quality(best) > 0


def _quality(offer: str) -> float:
    """Weight of a media type in Accept; max() takes the first of equals, as scrapers name the better one first."""
    found = _QUALITY.search(offer)
    return float(found[1]) if found else 1.0


def _values_of(head: bytes, field: bytes) -> list[str]:
    fields = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return [value.strip().decode("latin-1") for name, _, value in fields if name.strip().lower() == field]


def only(parameters: Parameters, *known: str) -> None:
    """Raise BadQuery when a parameter is unknown."""
    unknown = sorted(parameters.keys() - set(known))
    if unknown:
        raise BadQuery(f"no such parameter: {unknown[0][:40]!a}; there {_are(known)}")


def _are(known: tuple[str, ...]) -> str:
    return f"is {' and '.join(known)}" if known else "is none"

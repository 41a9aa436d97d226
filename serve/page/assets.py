"""The files of the page, as they are in the repository."""

from collections.abc import Iterator
from http import HTTPStatus
from importlib.resources import files

from common.telemetry.http_routes import Parameters, Response, Route, only

_FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/page.svg": ("page.svg", "image/svg+xml"),
}


def asset_routes() -> Iterator[tuple[str, Route]]:
    """A path and its route for each file. Blocks on the disk: read once, at start."""
    for path, (name, content_type) in _FILES.items():
        content = files("serve.page").joinpath(name).read_bytes()
        yield path, _route(Response(HTTPStatus.OK, content, content_type))


def _route(response: Response) -> Route:
    async def show(parameters: Parameters) -> Response:
        only(parameters)
        return response

    return show

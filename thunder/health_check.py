"""Checks a role over HTTP: python -m thunder.health_check, the image's HEALTHCHECK and the chart's `helm test`.

Without arguments: whether the role in the same container is alive. With HOST: whether the role there is ready.
THUNDER_HTTP_PORT names the port. Exit code 0 means yes, 1 no; it takes at most 3 seconds an address.
"""

import os
import sys
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

_TIMEOUT_SECONDS = 3.0


def main(arguments: list[str] | None = None) -> int:
    """Send one request; the exit code."""
    hosts, path = (arguments, "/readyz") if arguments else (["127.0.0.1", "::1"], "/healthz")
    port = int(os.environ["THUNDER_HTTP_PORT"])
    try:
        status, answer = _ask(hosts, port, path)
    except (OSError, HTTPException) as error:
        print(f"no answer: {error}")
        return 1
    print(f"status {status}: {answer}")
    return 0 if status == HTTPStatus.OK else 1


def _ask(hosts: list[str], port: int, path: str) -> tuple[int, str]:
    """The answer of the first host that does not refuse the connection."""
    host, *others = hosts
    try:
        with closing(HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace").strip()
    except ConnectionRefusedError:
        if not others:
            raise
    return _ask(others, port, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

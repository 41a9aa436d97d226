"""Checks that the role in the same container is alive: python -m thunder.health_check, the image's HEALTHCHECK.

THUNDER_HTTP_PORT names the port; it is asked over IPv4, over IPv6 where that is refused. Exit code 0 means alive, 1 not
alive; it takes at most 3 seconds.
"""

import os
import sys
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

_TIMEOUT_SECONDS = 3.0


def main() -> int:
    """Send one request; the exit code."""
    port = int(os.environ["THUNDER_HTTP_PORT"])
    try:
        try:
            status = _status("127.0.0.1", port)
        except ConnectionRefusedError:
            status = _status("::1", port)
    except (OSError, HTTPException) as error:
        print(f"no answer: {error}")
        return 1
    print(f"status {status}")
    return 0 if status == HTTPStatus.OK else 1


def _status(host: str, port: int) -> int:
    with closing(HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().status


if __name__ == "__main__":
    sys.exit(main())

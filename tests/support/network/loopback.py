"""Addresses of the loopback interface: IPv4, and IPv6 where the machine has it."""

import socket
from contextlib import suppress


def _found() -> tuple[str, ...]:
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return "127.0.0.1", "::1"
    return ("127.0.0.1",)


LOOPBACKS = _found()


def in_url(host: str) -> str:
    """The address as a URL or a gRPC target has it."""
    return f"[{host}]" if ":" in host else host

"""Ending the connections that came in on a port, from below gRPC.

gRPC's own shutdown ends every call that is on its way, or not yet taken by a handler, as CANCELLED, which no client
retries (grpc/grpc issue 41785). A connection that breaks is UNAVAILABLE to its callers: they ask another server.
"""

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

_OPEN_FILES = Path("/dev/fd")


def cut_connections(port: int) -> None:
    """Shut down every TCP connection of this process that was made to its port. What was sent still arrives."""
    with suppress(FileNotFoundError):  # a system without the folder: callers see gRPC's own end
        for file in list(_OPEN_FILES.iterdir()):
            with suppress(OSError):  # closed meanwhile
                _cut_if_to(port, int(file.name))


def _cut_if_to(port: int, file: int) -> None:
    if not stat.S_ISSOCK(os.fstat(file).st_mode):
        return
    with socket.socket(fileno=os.dup(file)) as connection:
        is_tcp = connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM
        if is_tcp and connection.getsockname()[1] == port and not _listens(connection):
            connection.shutdown(socket.SHUT_RDWR)


def _listens(connection: socket.socket) -> bool:
    return bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))

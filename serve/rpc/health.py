"""The health service of gRPC, whose streams are bounded for each connection."""

from collections import Counter
from typing import Any

import grpc
from grpc_health.v1._async import HealthServicer  # public as health.aio, which type checkers do not see

MOST_WATCHES = 16
"""Streams of one connection: a client needs one for each service that it asks for."""

_TOO_MANY = f"More than {MOST_WATCHES} health watches on this connection: one for each service is enough"


class BoundedHealth(HealthServicer):
    """Answers health checks. A client cannot fill the server with silent streams, which no admission sees."""

    def __init__(self) -> None:
        super().__init__()
        self._watches: Counter[str] = Counter()

    async def Watch(self, request: Any, context: "grpc.aio.ServicerContext[Any, Any]") -> None:  # noqa: ANN401, N802
        """Send the status of a service whenever it changes, until the caller leaves."""
        connection = context.peer()
        if self._watches[connection] >= MOST_WATCHES:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, _TOO_MANY)
        self._watches[connection] += 1
        try:
            await super().Watch(request, context)
        finally:
            self._watches[connection] -= 1
            if not self._watches[connection]:
                del self._watches[connection]

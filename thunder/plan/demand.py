"""Demand that an installation is planned for."""

from typing import NamedTuple


class Demand(NamedTuple):
    """Posts on average, requests at the peak. follows and results: of a request. replicas: of each master of Redis.

    stores: whole stores side by side, each with every post, that share the requests. list_length: posts of a followed
    author within the retention; infinite where lists hold as many as a request asks for, the dearest case.
    """

    posts_per_second: float
    authors: int
    follows: int
    requests_per_second: float
    results: int
    retention_seconds: int
    replicas: int = 1
    stores: int = 1
    list_length: float = float("inf")

    @property
    def requests_per_store(self) -> float:
        """Requests per second that one store answers."""
        return self.requests_per_second / self.stores

"""Where everything of a running demo is."""

from typing import NamedTuple


class Addresses(NamedTuple):
    """kafka, grpc and http as HOST:PORT, redis as a URL. http is the serving process's."""

    kafka: str
    topic_raw: str
    topic_refined: str
    redis: str
    grpc: str
    http: str

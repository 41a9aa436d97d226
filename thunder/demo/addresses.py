"""Where everything of a running demo is."""

from typing import NamedTuple


class Addresses(NamedTuple):
    """kafka, grpc and http as HOST:PORT, redis and page as URLs. http is the serving process's."""

    kafka: str
    topic_raw: str
    topic_refined: str
    redis: str
    grpc: str
    http: str

    @property
    def page(self) -> str:
        """The live page of the serving process."""
        return f"http://{self.http}/"

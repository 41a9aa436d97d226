"""A fetcher over a model: the store as the pure part of the read path sees it."""

from collections.abc import Sequence

from common.post import LightPost
from common.store.member import decode_id, encode_member
from common.store.record import encode_record
from serve.deadline import Deadline
from serve.timeline.read_plan import FetchRequest, FetchResult
from tests.support.conformance.model import Model, newest_first


class MemoryFetcher:
    """Lists and records of a model at a time."""

    def __init__(self, model: Model, now: int) -> None:
        self._model = model
        self._now = now
        self.rounds = 0

    async def fetch(self, request: FetchRequest, deadline: Deadline) -> FetchResult:
        del deadline
        self.rounds += 1
        members = {
            author: [encode_member(post) for post in self._list(author, request)[:depth]]
            for author, depth in request.depths.items()
        }
        return FetchResult(members, {parent: self._record(parent) for parent in request.parents}, partial=False)

    def _list(self, author: int, request: FetchRequest) -> Sequence[LightPost]:
        if request.video:
            posts = self._model.videos(author, self._now)
        else:
            posts = [post for kind in (False, True) for post in self._model.posts(author, self._now, secondary=kind)]
        return sorted((post for post in posts if post.created_at >= (request.oldest or 0)), key=newest_first)

    def _record(self, parent: bytes) -> bytes | None:
        post = self._model.live(decode_id(parent), self._now)
        return encode_record(post, listed_as_video=False) if post else None

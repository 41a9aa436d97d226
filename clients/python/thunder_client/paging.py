"""Decides which page to ask for next, and what a partial page is worth. Pure."""

from thunder_client.errors import PartialTimelineError
from thunder_client.messages import GetInNetworkPostsRequest
from thunder_client.timeline import Timeline

_ATTEMPTS = 4
_FIRST_DELAY_SECONDS = 0.1


class PageReader:
    """The pages of a query. Ask for `request` after `delay` seconds and pass the answer to `receive`, until `ended`.

    A partial page is asked for again from the same position, since the page after it would pass over what it lacks. The
    last attempt counts: raised when strict, otherwise returned with its mark, and with a post in it, continued from.
    """

    def __init__(self, request: GetInNetworkPostsRequest, *, strict: bool) -> None:
        self.request = GetInNetworkPostsRequest()
        self.request.CopyFrom(request)
        self.delay = 0.0
        self.ended = False
        self._strict = strict
        self._attempt = 1

    def receive(self, page: Timeline) -> Timeline | None:
        """The page to return, or None when it is to be asked for again. Raises PartialTimelineError."""
        if page.partial and self._attempt < _ATTEMPTS:
            self.delay = _FIRST_DELAY_SECONDS * 2 ** (self._attempt - 1)
            self._attempt += 1
            return None
        if page.partial and self._strict:
            raise PartialTimelineError(page)
        self.delay, self._attempt = 0.0, 1
        if page.has_more and (position := page.last_position):
            self.request.before.CopyFrom(position)
        else:
            self.ended = True
        return page

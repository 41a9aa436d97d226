"""Log lines about single requests: those that ask for it with debug, that were adjusted, or that damage ended."""

import logging
import time

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.timing import RateLimiter
from serve.adjustments import Adjustment, Adjustments

log = logging.getLogger("thunder.serve")

_DAMAGE_SECONDS = 10.0

_CUT_LISTS = (
    (Adjustment.FOLLOWING_CUT, "following_user_ids"),
    (Adjustment.EXCLUDED_CUT, "exclude_tweet_ids"),
    (Adjustment.EXCLUDED_AUTHORS_CUT, "exclude_author_ids"),
)


class RequestLog:
    """Logs requests of one process. list_size: ids that are used of a list."""

    def __init__(self, list_size: int) -> None:
        self._list_size = list_size
        self._warned_of_algorithm = False
        self._damage = RateLimiter(_DAMAGE_SECONDS)

    def received(self, request: GetInNetworkPostsRequest) -> None:
        """A request was decoded."""
        if request.debug:
            log.info(
                "Received GetInNetworkPosts request: user_id=%d, following_count=%d, exclude_tweet_ids=%d",
                request.user_id,
                len(request.following_user_ids),
                len(request.exclude_tweet_ids),
            )

    def looking_up(self, request: GetInNetworkPostsRequest) -> None:
        """A request without follows takes them from the follow store."""
        if request.debug:
            log.info("Following list is empty, fetching from Strato for user %d", request.user_id)

    def looked_up(self, request: GetInNetworkPostsRequest, found: int) -> None:
        """The follow store returned this number of follows."""
        if request.debug:
            log.info("Fetched %d following users from Strato for user %d", found, request.user_id)

    def adjusted(self, request: GetInNetworkPostsRequest, adjustments: Adjustments) -> None:
        """A request was brought within the limits; an unknown algorithm is logged once per process."""
        for adjustment, field in _CUT_LISTS:
            if adjustment in adjustments:
                given, limit = adjustments[adjustment].given, self._list_size
                log.warning("Limiting %s from %d to %d entries for user %d", field, given, limit, request.user_id)
        if Adjustment.UNKNOWN_ALGORITHM in adjustments and not self._warned_of_algorithm:
            self._warned_of_algorithm = True
            log.warning("Unknown algorithm %.60r: posts are sorted newest first", request.algorithm)

    def answered(self, request: GetInNetworkPostsRequest, posts: int) -> None:
        """A request was answered with this number of posts."""
        if request.debug:
            log.info("Returning %d posts for user %d", posts, request.user_id)

    def damaged(self, cause: Exception) -> None:
        """A request has failed because of replies of Redis that cannot be right; logged every ten seconds at most."""
        if self._damage.allow(time.monotonic()):
            log.error("Request failed, replies of Redis do not fit its commands", exc_info=cause)

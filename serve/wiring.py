"""Builds the read service: everything between gRPC and the stores it reads."""

from typing import NamedTuple

from prometheus_client import CollectorRegistry

from common.settings.serve import AnswerSettings, ServingSettings
from common.timing import Clock
from serve.blocked_authors import BlockedAuthors
from serve.metrics import ServeMetrics
from serve.overload.admission import Admission, Capacity, TokenBucket
from serve.overload.scheduler import RequestScheduler
from serve.query import Caps
from serve.request import RequestLimits
from serve.rpc.authentication import Authenticator
from serve.rpc.posts_service import FollowStore, PostsService, TimelineReader
from serve.rpc.servicer import InNetworkPostsServicer


class Service(NamedTuple):
    """The rpc, the use case behind it, and its metrics."""

    servicer: InNetworkPostsServicer
    posts: PostsService
    metrics: ServeMetrics


def build_service(
    settings: ServingSettings,
    timelines: TimelineReader,
    follows: FollowStore | None,
    clock: Clock,
    registry: CollectorRegistry,
) -> Service:
    """Build the service over these stores, with its metrics on the registry. ConfigurationError."""
    rate = TokenBucket(settings.qps_limit) if settings.qps_limit else None
    capacity = Capacity(
        units=settings.max_concurrent_requests,
        bytes=settings.max_bytes_in_flight,
        max_delay_seconds=settings.max_loop_lag_ms / 1000,
        unread_calls=settings.max_streams_per_connection,
    )
    admission = Admission(capacity, rate)
    scheduler = RequestScheduler()
    metrics = ServeMetrics(registry, lambda: admission.in_flight, scheduler.queueing_delay)
    blocked = BlockedAuthors(settings.blocked_authors_file)
    posts = PostsService(timelines, follows, limits_of(settings), admission, scheduler, metrics, clock, blocked)
    timeout = settings.request_timeout_ms / 1000 or None
    servicer = InNetworkPostsServicer(posts, Authenticator(settings), timeout, settings.max_request_bytes)
    return Service(servicer, posts, metrics)


def limits_of(settings: AnswerSettings) -> RequestLimits:
    """The limits on requests that the settings define."""
    return RequestLimits(
        default_results=settings.default_max_results,
        default_videos=settings.default_max_videos,
        max_results=settings.max_results_limit,
        list_size=settings.max_list_size,
        caps=Caps(
            original=settings.max_original_per_author,
            secondary=settings.max_secondary_per_author,
            video=settings.max_videos_per_author,
            scan=settings.max_scan_per_author,
        ),
    )

"""Puts the rpc together: everything between gRPC and the stores it reads."""

from typing import NamedTuple

from prometheus_client import CollectorRegistry

from common.clock import Clock
from common.serving_settings import AnswerSettings, ServingSettings
from serve.admission import Admission, TokenBucket
from serve.answering import Answering, TimelineReader
from serve.follows import FollowStore
from serve.guard import Guard
from serve.intake import Intake
from serve.metrics import ServeMetrics
from serve.query import Caps
from serve.request import RequestLimits
from serve.servicer import InNetworkPostsServicer
from serve.work_lane import WorkLane


class Service(NamedTuple):
    """The rpc, where its requests come in, and the metrics that they move."""

    servicer: InNetworkPostsServicer
    intake: Intake
    metrics: ServeMetrics


def build_service(
    settings: ServingSettings,
    timelines: TimelineReader,
    follows: FollowStore | None,
    clock: Clock,
    registry: CollectorRegistry,
) -> Service:
    """A service over these stores, with its metrics on the registry. ConfigurationError."""
    rate = TokenBucket(settings.qps_limit) if settings.qps_limit else None
    admission = Admission(settings.max_concurrent_requests, settings.max_loop_lag_ms / 1000, rate)
    lane = WorkLane()
    metrics = ServeMetrics(registry, lambda: admission.in_flight, lane.delay)
    answering = Answering(timelines, follows, limits_of(settings), metrics, clock)
    intake = Intake(answering, admission, lane, metrics)
    servicer = InNetworkPostsServicer(intake, Guard(settings), settings.request_timeout_ms / 1000 or None)
    return Service(servicer, intake, metrics)


def limits_of(settings: AnswerSettings) -> RequestLimits:
    """The limits that these settings set on requests."""
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

"""Waiting for brokers and topics at start: says what is waited for, can be stopped, gives up only when refused."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event
from typing import TypeVar, cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from common.backoff import Backoff
from common.kafka.access import KafkaAccess
from common.kafka.configuration import access_configuration
from common.kafka.refusal import RefusalWatch, client_configuration, error_of

T = TypeVar("T")

_ATTEMPT_SECONDS = 2.0
_BACKOFF = Backoff(first=0.2, longest=5.0)

_log = logging.getLogger("thunder.kafka")


def wait_for_brokers(access: KafkaAccess, stop: Event) -> bool:
    """Return True when the brokers answer, False when told to stop first. KafkaRefused, ConfigurationError. Blocks."""
    cluster = _Cluster(access)
    return _wait(cluster.topics, lambda: cluster.trouble, f"Kafka brokers at {access.brokers}", stop) is not None


def wait_for_topic(access: KafkaAccess, topic: str, stop: Event) -> int | None:
    """Number of partitions of the topic once it exists, None when told to stop first. Blocks.

    KafkaRefused, ConfigurationError.
    The topic is looked for among all of them: asking for it by name would create it on some brokers.
    """
    return _wait_for_topic(access, topic, stop, asked=None)


def wait_for_topic_to_write(access: KafkaAccess, topic: str, stop: Event) -> bool:
    """Return True once the topic exists, False when told to stop first. KafkaRefused, ConfigurationError. Blocks.

    The topic is asked for by name: brokers that create topics on use create it.
    """
    return _wait_for_topic(access, topic, stop, asked=topic) is not None


def _wait_for_topic(access: KafkaAccess, topic: str, stop: Event, asked: str | None) -> int | None:
    cluster = _Cluster(access)

    def partitions() -> int | None:
        return (cluster.topics(asked) or {}).get(topic)

    return _wait(
        partitions, lambda: cluster.trouble or "no such topic", f"Kafka topic {topic} at {access.brokers}", stop
    )


def create_if_missing(access: KafkaAccess, topic: str) -> None:
    """Create a topic of one partition unless it exists. Where that is not allowed, a warning says so. Blocks, bounded.

    KafkaRefused, ConfigurationError.
    """
    cluster = _Cluster(access)
    if topic not in (cluster.topics() or {}):
        trouble = cluster.create(topic)
        if trouble:
            _log.warning("Kafka topic %s is missing and could not be created: %s", topic, trouble)


class _Cluster:
    """Asks a cluster for its topics."""

    def __init__(self, access: KafkaAccess) -> None:
        self._refusals = RefusalWatch(access)
        with client_configuration():
            self._admin = AdminClient(access_configuration(access, self._refusals.notice))
        self.trouble = ""

    def topics(self, name: str | None = None) -> dict[str, int] | None:
        """Number of partitions of each topic, or of the one asked for; None when no broker answers. KafkaRefused."""
        try:
            topics = self._admin.list_topics(name, timeout=_ATTEMPT_SECONDS).topics
        except KafkaException:
            self._admin.poll(0)  # serves the error callback
            self._refusals.raise_if_refused()
            self.trouble = self._refusals.latest
            return None
        self.trouble = ""
        return {name: len(topic.partitions) for name, topic in topics.items() if topic.error is None}

    def create(self, topic: str) -> str:
        """Create a topic with the brokers' defaults, one partition. Why that failed, else nothing."""
        try:
            wanted = [NewTopic(topic, num_partitions=1)]
            seconds = {"operation_timeout": _ATTEMPT_SECONDS, "request_timeout": _ATTEMPT_SECONDS}
            cast("dict[str, Future[None]]", self._admin.create_topics(wanted, **seconds))[topic].result()
        except KafkaException as failure:
            error = error_of(failure)
            return "" if error.code() == KafkaError.TOPIC_ALREADY_EXISTS else error.str()
        return ""


def _wait(ask: Callable[[], T | None], trouble: Callable[[], str], awaited: str, stop: Event) -> T | None:
    attempt = 0
    while not stop.is_set():
        answer = ask()
        if answer is not None:
            return answer
        _log.warning("Waiting for %s: %s", awaited, trouble())
        stop.wait(_BACKOFF.delay(attempt))
        attempt += 1
    return None

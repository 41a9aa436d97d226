"""`thunder ingest` as processes of one group on one refined topic."""

from common.post import LightPost
from ingest.events import Event
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.refined_topic import produce_events, recent_posts
from tests.support.kafka.topic import KafkaTopic
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.stored_posts import stored_ids
from tests.support.unused import unique
from tests.support.wait import eventually

AUTHOR = 7
SESSION_SECONDS = 4
SHORT_SESSION = ("--kafka-property", f"session.timeout.ms={SESSION_SECONDS * 1000}")
"""Flags of a worker that a test kills: the time until Kafka gives its partitions to another, ten seconds by default."""
SOON_BACK = ("--kafka-property", "reconnect.backoff.max.ms=500")
"""Flags of a worker whose brokers go away: longest wait until it connects again, ten seconds by default."""


class IngestWorkers:
    """Starts workers, feeds their topic and looks at what they stored of AUTHOR's posts."""

    def __init__(self, thunder: Thunder, kafka: KafkaBroker, redis_url: str, partitions: int = 4) -> None:
        self.bootstrap = kafka.bootstrap
        self.topic = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("innetwork_post"), partitions))
        self._thunder = thunder
        self._redis_url = redis_url

    def start(self, *flags: str) -> Role:
        return self._thunder.start(
            *("ingest", "--kafka-group-id", self.topic.group, "--innetwork-post-topic", self.topic.name),
            *("--in-network-events-consumer-dest", self.bootstrap, "--redis-url", self._redis_url),
            *("--fetch-timeout-ms", "200", "--lag-monitor-interval-secs", "1", *flags),
        )

    def ready(self, *flags: str) -> Role:
        role = self.start(*flags)
        role.wait_until_ready()
        return role

    def produce(self, *events: Event) -> None:
        produce_events(self.bootstrap, self.topic.name, events)

    def wait_for_posts(self, *ids: int, timeout: float = 30.0) -> None:
        """Until these posts and no others are stored."""
        eventually(lambda: sorted(self.stored) == sorted(ids), f"posts {ids[:3]}... alone", timeout)

    @property
    def stored(self) -> list[int]:
        return stored_ids(self._redis_url, AUTHOR)

    @property
    def committed(self) -> int:
        """Messages below the commits of all partitions."""
        return sum(self.topic.commits.values())


def posts(first_id: int, last_id: int) -> list[LightPost]:
    return recent_posts(first_id, last_id, AUTHOR)

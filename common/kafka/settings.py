"""Settings of the roles that read from Kafka: from which topics, how much at once, when bad input stops them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from common.kafka.access import KafkaAccessSettings
from common.setting_types import MEBIBYTE, Bytes, Count, DefaultInWords, Millis, Seconds, Settings, Text, Unit

RAW_FETCH_BYTES = 10 * MEBIBYTE
REFINED_FETCH_BYTES = 100 * MEBIBYTE


FetchBytes = Annotated[
    Bytes,
    Field(description="most that one fetch brings from a partition"),
    DefaultInWords("10 MiB from the raw topic, 100 MiB from the refined one"),
]


class OffsetReset(StrEnum):
    """Where to start in a partition without a commit."""

    SMALLEST = "smallest"
    EARLIEST = "earliest"
    LARGEST = "largest"
    LATEST = "latest"


class Framing(StrEnum):
    """What stands before the payload of a message: nothing, or the prefix of a schema registry's client."""

    NONE = "none"
    CONFLUENT = "confluent"


class EntranceTopicSettings(Settings):
    """Kafka: topics"""

    innetwork_post_topic: Annotated[Text, Field(description="refined topic (protobuf)")] = "innetwork_post"
    follows_topic: Annotated[Text, Field(description="topic of follows (protobuf)")] = "follows"


class TopicSettings(EntranceTopicSettings):
    """Kafka: topics"""

    tweet_events_topic: Annotated[Text, Field(description="raw topic (Thrift)")] = "tweet_events"


class DeadLetterSettings(Settings):
    """Kafka: topics"""

    dead_letter_topic: Annotated[Text, Field(description="topic that receives bad messages")] = "thunder_dead_letters"


class KafkaSettings(KafkaAccessSettings, DeadLetterSettings, TopicSettings):
    """Kafka: consuming"""

    kafka_group_id: Annotated[Text, Field(description="consumer group; workers of one role share it")]
    auto_offset_reset: Annotated[OffsetReset, Field(description="where to start in a partition without a commit")] = (
        OffsetReset.LARGEST
    )
    skip_to_latest: Annotated[bool, Field(description="start at the end, whatever was committed")] = False
    kafka_num_threads: Annotated[Count, Field(description="consumers in this process, a thread each")] = 1
    kafka_batch_size: Annotated[Count, Field(description="largest batch"), Unit("messages")] = 1000
    catch_up_batch_size: Annotated[Count, Field(description="largest batch while catching up"), Unit("messages")] = 5000
    batch_linger_ms: Annotated[Millis, Field(description="wait for more messages after the first of a batch")] = 20
    fetch_timeout_ms: Annotated[Millis, Field(description="longest wait for the first message of a batch")] = 1000
    max_partition_fetch_bytes: FetchBytes = RAW_FETCH_BYTES
    lag_monitor_interval_secs: Annotated[Seconds, Field(description="between two looks at the lag")] = 30
    kafka_group_instance_id: Annotated[
        str | None, Field(description="static membership: a name that survives restarts, one per process")
    ] = None
    partition_assignment_strategy: Annotated[
        Text, Field(description="how the members of a group share the partitions")
    ] = "cooperative-sticky"
    framing: Annotated[Framing, Field(description="what stands before the payload of a message")] = Framing.NONE
    tweet_events_num_partitions: Annotated[
        Count | None, Field(description="partitions that the raw topic must have"), Unit("partitions")
    ] = None
    kafka_tweet_events_v2_num_partitions: Annotated[
        Count | None, Field(description="partitions that the refined topic must have"), Unit("partitions")
    ] = None
    poison_consecutive_limit: Annotated[
        Count, Field(description="bad messages in a row that stop the worker"), Unit("messages")
    ] = 10_000
    poison_window: Annotated[
        Count, Field(description="latest messages over which the share of bad ones is taken"), Unit("messages")
    ] = 100_000
    poison_window_share: Annotated[
        float, Field(gt=0, le=1, description="share of bad messages above which the worker stops")
    ] = 0.5

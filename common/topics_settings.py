"""Settings of `thunder topics create`."""

from typing import Annotated

from pydantic import Field

from common.kafka.access import KafkaAccessSettings
from common.kafka.settings import DeadLetterSettings, TopicSettings
from common.setting_types import Count, DefaultInWords, Settings, Unit
from common.settings import RetentionSettings


class NewTopicSettings(Settings):
    """New topics"""

    partitions: Annotated[
        Count, Field(description="partitions of each topic; that of dead letters has one"), Unit("partitions")
    ] = 12
    replication_factor: Annotated[
        Count | None,
        Field(description="brokers that hold each partition"),
        Unit("brokers"),
        DefaultInWords("the brokers' default"),
    ] = None
    as_json: Annotated[bool, Field(alias="json", description="print one JSON object")] = False


class TopicsSettings(RetentionSettings, NewTopicSettings, DeadLetterSettings, TopicSettings, KafkaAccessSettings):
    """thunder topics create: the topics that Thunder reads and writes, on the brokers that it writes to."""

"""What a broker does with a topic."""

from typing import Any, cast

from confluent_kafka import admin


def topic_option(bootstrap: str, topic: str, option: str) -> str:
    """Value of a broker's option of a topic, such as retention.ms."""
    kafka = cast("Any", admin)  # hardly typed
    client = kafka.AdminClient({"bootstrap.servers": bootstrap})
    [answer] = client.describe_configs([kafka.ConfigResource(kafka.ConfigResource.Type.TOPIC, topic)]).values()
    return str(answer.result(30)[option].value)

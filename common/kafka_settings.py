"""Settings of the roles that read from Kafka: where, as whom, how much at once, and when bad input stops them."""

from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import Field, SecretStr, model_validator

from common.setting_types import AlsoFrom, Bytes, Count, DefaultInWords, Millis, Seconds, Settings, Text, Unit

MEBIBYTE = 1024 * 1024
RAW_FETCH_BYTES = 10 * MEBIBYTE
REFINED_FETCH_BYTES = 100 * MEBIBYTE


FetchBytes = Annotated[
    Bytes,
    Field(description="most that one fetch brings from a partition"),
    DefaultInWords("10 MiB from the raw topic, 100 MiB from the refined one"),
]


class SaslMechanism(StrEnum):
    """How a client proves who it is."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class SecurityProtocol(StrEnum):
    """Whether a connection to Kafka is encrypted, and whether the client logs in."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def logs_in(self) -> bool:
        """The client needs a mechanism, a user and a password."""
        return self in (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL)


class OffsetReset(StrEnum):
    """Where to start in a partition without a commit."""

    SMALLEST = "smallest"
    EARLIEST = "earliest"
    LARGEST = "largest"
    LATEST = "latest"


class Framing(StrEnum):
    """What stands before the payload of a message."""

    NONE = "none"
    CONFLUENT = "confluent"


class KafkaAccess(NamedTuple):
    """The brokers of one side, and who we are to them. mechanism, user and password are None unless we log in."""

    brokers: str
    protocol: SecurityProtocol
    mechanism: SaslMechanism | None
    user: str | None
    password: SecretStr | None
    ssl_ca_location: str | None
    ssl_certificate_location: str | None
    ssl_key_location: str | None


class KafkaAccessSettings(Settings):
    """Kafka: brokers and credentials"""

    in_network_events_consumer_dest: Annotated[
        Text, Field(description="brokers of the topic that the role reads"), AlsoFrom(("KAFKA_BROKERS",))
    ] = "localhost:9092"
    in_network_events_producer_dest: Annotated[
        Text, Field(description="brokers of the topics that the role writes"), DefaultInWords("those it reads from")
    ] = Field(default_factory=lambda given: given["in_network_events_consumer_dest"])
    sasl_mechanism: Annotated[SaslMechanism | None, Field(description="how to log in to Kafka")] = None
    security_protocol: Annotated[
        SecurityProtocol,
        Field(description="protocol of the brokers"),
        DefaultInWords("SASL_SSL with a SASL mechanism, else PLAINTEXT"),
    ] = Field(default_factory=lambda given: _natural_protocol(given["sasl_mechanism"]))
    kafka_sasl_user: Annotated[
        str | None, Field(description="user name, when a SASL mechanism is set"), AlsoFrom(("KAFKA_SASL_USER",))
    ] = None
    kafka_sasl_password: Annotated[
        SecretStr | None,
        Field(description="password, when a SASL mechanism is set"),
        AlsoFrom(("KAFKA_SASL_PASSWORD", "SASL_PASSWORD")),
    ] = None
    producer_sasl_mechanism: Annotated[
        SaslMechanism | None, Field(description="how to log in to write"), DefaultInWords("sasl_mechanism")
    ] = Field(default_factory=lambda given: given["sasl_mechanism"])
    producer_sasl_username: Annotated[
        str | None,
        Field(description="user name to write"),
        DefaultInWords("kafka_sasl_user"),
        AlsoFrom(("KAFKA_PRODUCER_SASL_USER",)),
    ] = Field(default_factory=lambda given: given["kafka_sasl_user"])
    producer_sasl_password: Annotated[
        SecretStr | None,
        Field(description="password to write"),
        DefaultInWords("kafka_sasl_password"),
        AlsoFrom(("KAFKA_PRODUCER_SASL_PASSWORD", "PRODUCER_SASL_PASSWORD")),
    ] = Field(default_factory=lambda given: given["kafka_sasl_password"])
    ssl_ca_location: Annotated[str | None, Field(description="file with the authorities that sign the brokers")] = None
    ssl_certificate_location: Annotated[str | None, Field(description="file with our certificate (mutual TLS)")] = None
    ssl_key_location: Annotated[str | None, Field(description="file with the key of our certificate")] = None

    @property
    def consumer_access(self) -> KafkaAccess:
        """For the side that is read."""
        return self._access(
            self.in_network_events_consumer_dest, self.sasl_mechanism, self.kafka_sasl_user, self.kafka_sasl_password
        )

    @property
    def producer_access(self) -> KafkaAccess:
        """For the side that is written."""
        return self._access(
            self.in_network_events_producer_dest,
            self.producer_sasl_mechanism,
            self.producer_sasl_username,
            self.producer_sasl_password,
        )

    def _access(
        self, brokers: str, mechanism: SaslMechanism | None, user: str | None, password: SecretStr | None
    ) -> KafkaAccess:
        login = (mechanism, user, password) if self.security_protocol.logs_in else (None, None, None)
        files = (self.ssl_ca_location, self.ssl_certificate_location, self.ssl_key_location)
        return KafkaAccess(brokers, self.security_protocol, *login, *files)

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        protocol = self.security_protocol
        for name, mechanism in (
            ("sasl_mechanism", self.sasl_mechanism),
            ("producer_sasl_mechanism", self.producer_sasl_mechanism),
        ):
            if protocol.logs_in and mechanism is None:
                choices = ", ".join(SaslMechanism)
                raise ValueError(f"security_protocol {protocol} needs {name}: one of {choices}")
            if mechanism is not None and not protocol.logs_in:
                raise ValueError(
                    f"{name} {mechanism} needs security_protocol SASL_SSL or SASL_PLAINTEXT, not {protocol}"
                )
        if protocol.logs_in and not (self.kafka_sasl_user and self.kafka_sasl_password):
            raise ValueError(
                f"sasl_mechanism {self.sasl_mechanism} needs a user and a password: "
                "set KAFKA_SASL_USER and KAFKA_SASL_PASSWORD"
            )
        if protocol.logs_in and not (self.producer_sasl_username and self.producer_sasl_password):
            raise ValueError(
                f"producer_sasl_mechanism {self.producer_sasl_mechanism} needs a user and a password: "
                "set KAFKA_PRODUCER_SASL_USER and KAFKA_PRODUCER_SASL_PASSWORD"
            )
        return self


def _natural_protocol(mechanism: SaslMechanism | None) -> SecurityProtocol:
    return SecurityProtocol.PLAINTEXT if mechanism is None else SecurityProtocol.SASL_SSL


class TopicSettings(Settings):
    """Kafka: topics"""

    tweet_events_topic: Annotated[Text, Field(description="raw topic (Thrift)")] = "tweet_events"
    innetwork_post_topic: Annotated[Text, Field(description="refined topic (protobuf)")] = "innetwork_post"


class KafkaSettings(KafkaAccessSettings, TopicSettings):
    """Kafka: consuming"""

    kafka_group_id: Annotated[Text, Field(description="consumer group; workers of one role share it")]
    auto_offset_reset: Annotated[OffsetReset, Field(description="where to start in a partition without a commit")] = (
        OffsetReset.LARGEST
    )
    skip_to_latest: Annotated[bool, Field(description="start at the end, whatever was committed")] = False
    kafka_num_threads: Annotated[Count, Field(description="consumers in this process"), Unit("threads")] = 1
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
    dead_letter_topic: Annotated[Text, Field(description="topic that receives bad messages")] = "thunder_dead_letters"
    tweet_events_num_partitions: Annotated[
        Count | None, Field(description="partitions that the raw topic must have"), DefaultInWords("any number")
    ] = None
    kafka_tweet_events_v2_num_partitions: Annotated[
        Count | None, Field(description="partitions that the refined topic must have"), DefaultInWords("any number")
    ] = None
    poison_consecutive_limit: Annotated[
        Count, Field(description="bad messages in a row that stop the worker"), Unit("messages")
    ] = 10_000
    poison_window: Annotated[
        Count, Field(description="latest messages over which the share of bad ones is taken"), Unit("messages")
    ] = 100_000
    poison_window_share: Annotated[
        float, Field(gt=0, le=1, description="share of bad messages above which the worker stops"), Unit("of 1")
    ] = 0.5

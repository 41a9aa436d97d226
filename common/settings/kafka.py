"""Settings of Kafka: brokers and credentials, topics, consumption, new topics."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from common.kafka.connection import KafkaConnection, SaslMechanism, SecurityProtocol, TokenSource
from common.kafka.properties import TOKEN_PROPERTIES, parse_properties, split_entries
from common.settings.redis import RetentionSettings
from common.settings.types import (
    MEBIBYTE,
    AlsoFrom,
    Bytes,
    Count,
    DefaultInWords,
    Millis,
    Repeatable,
    Seconds,
    Settings,
    Text,
    Unit,
)


class KafkaConnectionSettings(Settings):
    """Kafka brokers and credentials"""

    in_network_events_consumer_dest: Annotated[
        Text,
        Field(description="Kafka brokers of the topic that the role reads, as host:port,host:port"),
        AlsoFrom(("KAFKA_BROKERS",)),
    ] = "localhost:9092"
    in_network_events_producer_dest: Annotated[
        Text,
        Field(description="Kafka brokers of the topics that the role writes, as host:port,host:port"),
        DefaultInWords("as in_network_events_consumer_dest"),
    ] = Field(default_factory=lambda given: given["in_network_events_consumer_dest"])
    sasl_mechanism: Annotated[SaslMechanism | None, Field(description="SASL mechanism for the login to Kafka")] = None
    security_protocol: Annotated[
        SecurityProtocol,
        Field(description="security protocol of the Kafka connection"),
        DefaultInWords("SASL_SSL with a SASL mechanism, else PLAINTEXT"),
    ] = Field(default_factory=lambda given: _natural_protocol(given["sasl_mechanism"]))
    kafka_sasl_user: Annotated[
        str | None,
        Field(description="SASL user name, or the client id for OAUTHBEARER"),
        AlsoFrom(("KAFKA_SASL_USER",)),
    ] = None
    kafka_sasl_password: Annotated[
        SecretStr | None,
        Field(description="SASL password, or the client secret for OAUTHBEARER"),
        AlsoFrom(("KAFKA_SASL_PASSWORD", "SASL_PASSWORD")),
    ] = None
    producer_sasl_mechanism: Annotated[
        SaslMechanism | None,
        Field(description="SASL mechanism for the brokers that the role writes to"),
        DefaultInWords("as sasl_mechanism"),
    ] = Field(default_factory=lambda given: given["sasl_mechanism"])
    producer_sasl_username: Annotated[
        str | None,
        Field(description="SASL user name for the brokers that the role writes to"),
        DefaultInWords("as kafka_sasl_user"),
        AlsoFrom(("KAFKA_PRODUCER_SASL_USER",)),
    ] = Field(default_factory=lambda given: given["kafka_sasl_user"])
    producer_sasl_password: Annotated[
        SecretStr | None,
        Field(description="SASL password for the brokers that the role writes to"),
        DefaultInWords("as kafka_sasl_password"),
        AlsoFrom(("KAFKA_PRODUCER_SASL_PASSWORD", "PRODUCER_SASL_PASSWORD")),
    ] = Field(default_factory=lambda given: given["kafka_sasl_password"])
    kafka_oauth_token_url: Annotated[
        Text | None,
        Field(
            description="URL of the OpenID Connect token endpoint that gives the client a token for OAUTHBEARER "
            "(client credentials)"
        ),
    ] = None
    kafka_oauth_token_file: Annotated[
        Text | None,
        Field(
            description="file with a token for OAUTHBEARER, which another process renews; read again within a minute"
        ),
    ] = None
    kafka_property: Annotated[
        tuple[SecretStr, ...],
        Field(
            description="further property of librdkafka for every Kafka client of the process; in the environment "
            "several with semicolons between, in a file one a line"
        ),
        BeforeValidator(split_entries),
        Repeatable("name=value"),
    ] = ()
    ssl_ca_location: Annotated[
        str | None, Field(description="CA file that verifies the certificates of the Kafka brokers (PEM)")
    ] = None
    ssl_certificate_location: Annotated[
        str | None, Field(description="client certificate file for Kafka with mutual TLS (PEM)")
    ] = None
    ssl_key_location: Annotated[
        str | None, Field(description="private key file of the client certificate for Kafka (PEM)")
    ] = None

    @property
    def consumer_connection(self) -> KafkaConnection:
        """Connection to the brokers that the role reads from."""
        return self._connection(
            self.in_network_events_consumer_dest, self.sasl_mechanism, self.kafka_sasl_user, self.kafka_sasl_password
        )

    @property
    def producer_connection(self) -> KafkaConnection:
        """Connection to the brokers that the role writes to."""
        return self._connection(
            self.in_network_events_producer_dest,
            self.producer_sasl_mechanism,
            self.producer_sasl_username,
            self.producer_sasl_password,
        )

    def _connection(
        self, brokers: str, mechanism: SaslMechanism | None, user: str | None, password: SecretStr | None
    ) -> KafkaConnection:
        login = (None, None, None) if mechanism is None else (mechanism, user, password)
        files = (self.ssl_ca_location, self.ssl_certificate_location, self.ssl_key_location)
        with_tokens = mechanism is SaslMechanism.OAUTHBEARER
        tokens = TokenSource(self.kafka_oauth_token_url, self.kafka_oauth_token_file) if with_tokens else TokenSource()
        properties = parse_properties(self.kafka_property)
        return KafkaConnection(brokers, self.security_protocol, *login, *files, tokens, properties)

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        connections = {"": self.consumer_connection, "producer_": self.producer_connection}
        for prefix, connection in connections.items():
            _check_mechanism(prefix + "sasl_mechanism", connection)
        given = {
            "kafka_oauth_token_url": self.kafka_oauth_token_url,
            "kafka_oauth_token_file": self.kafka_oauth_token_file,
        }
        mechanisms = {connection.mechanism for connection in connections.values()}
        unused = [name for name, value in given.items() if value and SaslMechanism.OAUTHBEARER not in mechanisms]
        if unused:
            raise ValueError(f"{unused[0]} needs sasl_mechanism OAUTHBEARER")
        if all(given.values()):
            raise ValueError("kafka_oauth_token_url and kafka_oauth_token_file exclude each other: give one of them")
        _check_credentials("KAFKA_SASL_USER", "KAFKA_SASL_PASSWORD", self.consumer_connection)
        _check_credentials("KAFKA_PRODUCER_SASL_USER", "KAFKA_PRODUCER_SASL_PASSWORD", self.producer_connection)
        return self


def _check_mechanism(name: str, connection: KafkaConnection) -> None:
    if connection.protocol.logs_in and connection.mechanism is None:
        raise ValueError(f"security_protocol {connection.protocol} needs {name}: one of {', '.join(SaslMechanism)}")
    if connection.mechanism is not None and not connection.protocol.logs_in:
        raise ValueError(
            f"{name} {connection.mechanism} needs security_protocol SASL_SSL or SASL_PLAINTEXT, "
            f"not {connection.protocol}"
        )


def _check_credentials(user_variable: str, password_variable: str, connection: KafkaConnection) -> None:
    if connection.mechanism is SaslMechanism.OAUTHBEARER:
        _check_tokens(user_variable, password_variable, connection)
    elif connection.mechanism is not None and not (connection.user and connection.password):
        raise ValueError(
            f"SASL mechanism {connection.mechanism} needs user and password: "
            f"set {user_variable} and {password_variable}"
        )


def _check_tokens(user_variable: str, password_variable: str, connection: KafkaConnection) -> None:
    if connection.tokens.url is not None and not (connection.user and connection.password):
        raise ValueError(
            f"kafka_oauth_token_url needs client id and secret: set {user_variable} and {password_variable}"
        )
    has_property = any(name.startswith(TOKEN_PROPERTIES) for name, _ in connection.properties)
    if connection.tokens == TokenSource() and not has_property:
        raise ValueError("SASL mechanism OAUTHBEARER needs kafka_oauth_token_url or kafka_oauth_token_file")


def _natural_protocol(mechanism: SaslMechanism | None) -> SecurityProtocol:
    return SecurityProtocol.PLAINTEXT if mechanism is None else SecurityProtocol.SASL_SSL


LAG_INTERVAL_SECONDS = 30

RAW_FETCH_BYTES = 10 * MEBIBYTE
REFINED_FETCH_BYTES = 100 * MEBIBYTE


FetchBytes = Annotated[
    Bytes,
    Field(description="largest fetch from one partition"),
    DefaultInWords("10 MiB from the raw topic, 100 MiB from the refined one"),
]


class OffsetReset(StrEnum):
    """Start position in a partition without a committed offset."""

    SMALLEST = "smallest"
    EARLIEST = "earliest"
    LARGEST = "largest"
    LATEST = "latest"


class Framing(StrEnum):
    """Header in front of the payload of a message: none, or the one of Confluent's schema registry."""

    NONE = "none"
    CONFLUENT = "confluent"


class EntranceTopicSettings(Settings):
    """Kafka topics"""

    innetwork_post_topic: Annotated[Text, Field(description="name of the refined topic (protobuf)")] = "innetwork_post"
    follows_topic: Annotated[Text, Field(description="name of the follows topic (protobuf)")] = "follows"


class TopicSettings(EntranceTopicSettings):
    """Kafka topics"""

    tweet_events_topic: Annotated[Text, Field(description="name of the raw topic (Thrift)")] = "tweet_events"


class DeadLetterSettings(Settings):
    """Kafka topics"""

    dead_letter_topic: Annotated[
        Text, Field(description="name of the dead-letter topic, which receives bad messages")
    ] = "thunder_dead_letters"


class KafkaSettings(KafkaConnectionSettings, DeadLetterSettings, TopicSettings):
    """Kafka consumer"""

    kafka_group_id: Annotated[Text, Field(description="Kafka consumer group; all workers of a role share it")]
    auto_offset_reset: Annotated[
        OffsetReset,
        Field(description="start position in a partition without a committed offset"),
    ] = OffsetReset.LARGEST
    skip_to_latest: Annotated[
        bool, Field(description="start every partition at its end and ignore committed offsets")
    ] = False
    kafka_num_threads: Annotated[Count, Field(description="number of consumer threads in this process")] = 1
    kafka_batch_size: Annotated[Count, Field(description="largest batch of messages"), Unit("messages")] = 1000
    catch_up_batch_size: Annotated[
        Count, Field(description="largest batch of messages while the worker catches up"), Unit("messages")
    ] = 5000
    batch_linger_ms: Annotated[
        Millis,
        Field(description="longest wait for more messages after the first of a batch, while other batches are written"),
    ] = 20
    fetch_timeout_ms: Annotated[Millis, Field(description="longest wait for the first message of a batch")] = 1000
    max_partition_fetch_bytes: FetchBytes = RAW_FETCH_BYTES
    lag_monitor_interval_secs: Annotated[Seconds, Field(description="interval between lag measurements")] = (
        LAG_INTERVAL_SECONDS
    )
    kafka_group_instance_id: Annotated[
        str | None,
        Field(description="group.instance.id for static membership; stable across restarts and unique per process"),
    ] = None
    partition_assignment_strategy: Annotated[
        Text, Field(description="partition assignment strategy of the consumer group")
    ] = "cooperative-sticky"
    framing: Annotated[Framing, Field(description="schema-registry header in front of the payload")] = Framing.NONE
    tweet_events_num_partitions: Annotated[
        Count | None,
        Field(description="number of partitions that the raw topic must have; another number stops the worker"),
        Unit("partitions"),
    ] = None
    kafka_tweet_events_v2_num_partitions: Annotated[
        Count | None,
        Field(description="number of partitions that the refined topic must have; another number stops the worker"),
        Unit("partitions"),
    ] = None
    poison_consecutive_limit: Annotated[
        Count, Field(description="number of consecutive bad messages that stops the worker"), Unit("messages")
    ] = 10_000
    poison_window: Annotated[
        Count,
        Field(description="number of latest messages over which the share of bad ones is computed"),
        Unit("messages"),
    ] = 100_000
    poison_window_share: Annotated[
        float, Field(gt=0, le=1, description="share of bad messages (0 to 1) above which the worker stops")
    ] = 0.5


class NewTopicSettings(Settings):
    """New topics"""

    partitions: Annotated[
        Count,
        Field(description="number of partitions of each new topic; the dead-letter topic has one"),
        Unit("partitions"),
    ] = 12
    replication_factor: Annotated[
        Count | None,
        Field(description="replication factor of each new topic"),
        Unit("brokers"),
        DefaultInWords("the brokers' default"),
    ] = None
    as_json: Annotated[bool, Field(alias="json", description="print the result as one JSON object")] = False


class TopicsSettings(RetentionSettings, NewTopicSettings, DeadLetterSettings, TopicSettings, KafkaConnectionSettings):
    """thunder topics create: the topics that Thunder reads and writes, on the brokers that it writes to."""

"""The two command lines of the guide that users follow, word for word, and the variables that go with them."""

import shlex

from tests.support.kafka.broker import SASL_PASSWORD, SASL_USER, KafkaBroker
from tests.support.processes.thunder import Role, Thunder

SERVING_MODE = """./thunder \
--is-serving \
--grpc-port 50051 \
--kafka-group-id thunder-serving \
--auto-offset-reset smallest \
--in-network-events-consumer-dest "kafka-broker:9092"
"""

INGESTION_MODE = """./thunder \
--kafka-group-id thunder-processor \
--sasl-mechanism PLAIN \
--security-protocol SASL_SSL
"""


def start_serving(thunder: Thunder, kafka: KafkaBroker, command: str = SERVING_MODE, **env: str) -> Role:
    """Start command, SERVING_MODE or made from it, against these brokers."""
    return thunder.start(*_arguments(command.replace("kafka-broker:9092", kafka.bootstrap)), env=env)


def start_ingestion(thunder: Thunder, kafka: KafkaBroker, command: str = INGESTION_MODE, **env: str) -> Role:
    """Start command, INGESTION_MODE or made from it, against the brokers' SASL_SSL listener."""
    access = {
        "KAFKA_BROKERS": kafka.sasl_ssl_bootstrap,
        "KAFKA_SASL_USER": SASL_USER,
        "KAFKA_SASL_PASSWORD": SASL_PASSWORD,
        "THUNDER_SSL_CA_LOCATION": str(kafka.ca_path),
    }
    return thunder.start(*_arguments(command), env=access | env)


def _arguments(command: str) -> list[str]:
    """Words of a command line as a shell splits it, without the program."""
    return shlex.split(command)[1:]

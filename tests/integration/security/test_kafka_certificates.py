"""Mutual TLS with Kafka: logins that work, and errors that say who does not trust whom, and the cure."""

import time
from collections.abc import Callable

import pytest

from common.errors import ConfigurationError, KafkaRefused, KafkaUnavailable
from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection, SecurityProtocol
from common.kafka.producer import ProducerRecord, TopicProducer
from common.post import LightPost
from ingest.decode.refined_event import decode_event
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import KafkaTopic, read_topic
from tests.support.network.certificates import Authority, Issued
from tests.support.processes.thunder import Thunder
from tests.support.programs.installed import Progress
from tests.support.unused import unique
from thunder.demo.synthetic.raw_tweets import encode_create

SECONDS_TO_A_CLEAR_ERROR = 15

BAD_BROKERS = {
    "expired": r"certificate has expired \(renew it\)",
    "elsewhere": r"IP address mismatch.* \(name the brokers as it does\)",
    "stranger": r"unable to get local issuer certificate \(see --ssl-ca-location\)",
}
MISSING = "The brokers ask for a certificate: set --ssl-certificate-location and --ssl-key-location"
NOT_ACCEPTED = "The brokers do not accept the certificate in --ssl-certificate-location .*crt: it has expired, or they"

Use = Callable[[KafkaConnection], object]


def read(access: KafkaConnection) -> object:
    return KafkaCluster(access).wait_for_brokers(seconds=SECONDS_TO_A_CLEAR_ERROR)


def write(access: KafkaConnection) -> object:
    return TopicProducer(access, "posts", SECONDS_TO_A_CLEAR_ERROR).send([ProducerRecord(b"post")])


def consume(access: KafkaConnection) -> object:
    member = KafkaTopic(access.brokers, "posts", **settings_of(access)).join()
    give_up = time.monotonic() + SECONDS_TO_A_CLEAR_ERROR
    while time.monotonic() < give_up:
        member.poll(1)
    raise KafkaUnavailable


def settings_of(access: KafkaConnection) -> dict[str, str | None]:
    return {
        "security_protocol": access.protocol,
        "ssl_ca_location": access.ssl_ca_location,
        "ssl_certificate_location": access.ssl_certificate_location,
        "ssl_key_location": access.ssl_key_location,
    }


each_side = pytest.mark.parametrize("use", [read, consume, write])


@pytest.fixture(scope="module")
def ours(kafka: KafkaBroker) -> Issued:
    return kafka.authority.issue("thunder")


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory, progress: Progress) -> Issued:
    return Authority(tmp_path_factory.mktemp("stranger"), progress).issue("thunder")


def access_of(kafka: KafkaBroker, brokers: str, shown: Issued | None) -> KafkaConnection:
    files = (str(shown.certificate), str(shown.key)) if shown else (None, None)
    return KafkaConnection(brokers, SecurityProtocol.SSL, None, None, None, str(kafka.ca_path), *files)


def flags_of(access: KafkaConnection) -> list[str]:
    """As the guide names them."""
    return [
        word for name, value in settings_of(access).items() if value for word in (f"--{name.replace('_', '-')}", value)
    ]


def test_a_worker_reads_and_writes_with_its_certificate(thunder: Thunder, kafka: KafkaBroker, ours: Issued) -> None:
    raw, refined = kafka.create_topic(unique("raw")), kafka.create_topic(unique("refined"))
    post = LightPost(1, 2, int(time.time()))
    KafkaTopic(kafka.bootstrap, raw).produce(encode_create(post))
    role = thunder.start(
        *("transform", "--kafka-group-id", unique("group"), "--auto-offset-reset", "smallest"),
        *("--tweet-events-topic", raw, "--innetwork-post-topic", refined),
        *("--in-network-events-consumer-dest", kafka.mutual_tls_bootstrap),
        *flags_of(access_of(kafka, kafka.mutual_tls_bootstrap, ours)),
    )
    role.wait_until_ready()
    [message] = read_topic(kafka.bootstrap, refined, enough=lambda messages: len(messages) == 1)
    decoded = decode_event(message.value() or b"")
    assert isinstance(decoded, LightPost)
    assert decoded.post_id == 1
    assert role.terminate() == 0


@each_side
@pytest.mark.parametrize("flaw", BAD_BROKERS)
def test_brokers_with_a_bad_certificate_are_not_trusted(kafka: KafkaBroker, ours: Issued, flaw: str, use: Use) -> None:
    with pytest.raises(KafkaRefused, match=BAD_BROKERS[flaw]):
        use(access_of(kafka, kafka.untrusted_bootstraps[flaw], ours))


@each_side
def test_brokers_do_not_let_in_who_has_no_certificate(kafka: KafkaBroker, use: Use) -> None:
    with pytest.raises(KafkaRefused, match=MISSING):
        use(access_of(kafka, kafka.mutual_tls_bootstrap, None))


@each_side
def test_brokers_do_not_let_in_who_has_an_expired_one(kafka: KafkaBroker, use: Use) -> None:
    with pytest.raises(KafkaRefused, match=NOT_ACCEPTED):
        use(access_of(kafka, kafka.mutual_tls_bootstrap, kafka.authority.issue("late", days=-1)))


@each_side
def test_brokers_do_not_let_in_who_has_one_of_another_authority(
    kafka: KafkaBroker, strangers: Issued, use: Use
) -> None:
    with pytest.raises(KafkaRefused, match=NOT_ACCEPTED):
        use(access_of(kafka, kafka.mutual_tls_bootstrap, strangers))


@each_side
def test_files_that_are_no_good_are_named(kafka: KafkaBroker, ours: Issued, strangers: Issued, use: Use) -> None:
    good = access_of(kafka, kafka.mutual_tls_bootstrap, ours)
    for bad, complaint in (
        (good._replace(ssl_ca_location="/nowhere/ca.pem"), "--ssl-ca-location /nowhere/ca.pem: .*No such file"),
        (good._replace(ssl_certificate_location="/nowhere/ours.pem"), "--ssl-certificate-location .*No such file"),
        (good._replace(ssl_key_location=str(strangers.key)), "--ssl-key-location .*key values mismatch"),
    ):
        with pytest.raises(ConfigurationError, match=complaint):
            use(bad)


@pytest.mark.parametrize(
    "command", [("transform", "--kafka-group-id", "g"), ("source", "synthetic", "--count", "1")], ids=" ".join
)
def test_a_process_ends_soon_with_the_reason(thunder: Thunder, kafka: KafkaBroker, command: tuple[str, ...]) -> None:
    brokers, began = kafka.untrusted_bootstraps["expired"], time.monotonic()
    role = thunder.start(*command, *flags_of(access_of(kafka, brokers, None)), env={"KAFKA_BROKERS": brokers})
    assert role.wait() == 3
    assert time.monotonic() - began < SECONDS_TO_A_CLEAR_ERROR
    assert "certificate has expired (renew it)" in role.output().splitlines()[-1]

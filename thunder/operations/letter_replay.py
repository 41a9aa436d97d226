"""Sends dead letters back to the topics that they came from: the original's bytes and key, each once in a run."""

import shlex
import subprocess
from collections import Counter
from collections.abc import Iterator

from common.errors import ConfigurationError, KafkaRefused
from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection
from common.kafka.producer import ProducerRecord, Receipt, TopicProducer
from common.kafka.reader import PartitionReader, StoredRecord
from common.kafka.topics import Edge, PartitionAddress, Topics
from thunder.operations.letters import Letter

_TIMEOUT_SECONDS = 30.0
_REPAIR_SECONDS = 30.0
_NEAR = 10_000
"""Distance in messages that is read over, rather than begin to read at another place."""

_BATCH = 500
"""Messages after which an acknowledgement is awaited."""


class ReplayCounts:
    """Outcomes of a run. sent: acknowledged, or in a dry run to be sent."""

    def __init__(self) -> None:
        self.sent = 0
        self.without_key = 0
        self.repeated = 0
        self.reasons: Counter[str] = Counter()

    @property
    def refused(self) -> int:
        """Letters that cannot be replayed."""
        return self.reasons.total()

    def in_words(self, *, dry_run: bool) -> str:
        """The counts in a line."""
        sent = f"{self.sent:,} {'would be sent' if dry_run else 'sent'}"
        keyless = f" (without their keys {self.without_key:,}, which Kafka no longer has)" if self.without_key else ""
        why = ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.most_common())
        again = f", {self.repeated:,} left out as repeated letters" if self.repeated else ""
        return f"{sent}{keyless}, {self.refused:,} refused{f': {why}' if why else ''}{again}"

    def as_json(self) -> dict[str, object]:
        """The counts for programs."""
        return {
            "sent": self.sent,
            "without_key": self.without_key,
            "repeated": self.repeated,
            "refused": dict(self.reasons),
        }


class Refusal(Exception):
    """A letter cannot be replayed: says why."""


class Repair:
    """A command that corrects payloads: each goes to its input, and comes corrected from its output."""

    def __init__(self, command: str) -> None:
        """Split the command as a shell would. ConfigurationError."""
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise ConfigurationError(f"--repair: {error}") from error

    def __call__(self, payload: bytes) -> bytes:
        """The corrected payload. ConfigurationError when it cannot be run, Refusal when it fails or gives nothing."""
        try:
            done = subprocess.run(
                self._words, input=payload, stdout=subprocess.PIPE, check=False, timeout=_REPAIR_SECONDS
            )
        except OSError as error:
            raise ConfigurationError(f"--repair: cannot run {self._words[0]}: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise Refusal("the repair takes too long") from error
        if done.returncode or not done.stdout:
            raise Refusal("the repair refuses it")
        return done.stdout


class Originals:
    """Reads messages from the topics where they were found bad. Close it."""

    def __init__(self, cluster: KafkaCluster) -> None:
        self._cluster = cluster
        self._oldest: dict[PartitionAddress, int] = {}
        self._readers: dict[PartitionAddress, PartitionReader] = {}
        self._records: dict[PartitionAddress, Iterator[StoredRecord]] = {}

    def close(self) -> None:
        """Disconnect."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def find(self, letter: Letter) -> StoredRecord | None:
        """The message; None where the topic no longer has it, or has another one in its place. KafkaUnavailable."""
        place, offset = letter.place, letter.offset
        if place not in self._oldest:
            self._oldest[place] = self._cluster.offset_of(place, Edge.BEGINNING, _TIMEOUT_SECONDS)
        if offset < self._oldest[place]:
            return None
        try:
            for record in self._from(place, offset):
                if record.offset >= offset:
                    return record if record.offset == offset and letter.is_original(record.value) else None
        except KafkaRefused:  # deleted since
            self._records.pop(place)
        return None

    def _from(self, place: PartitionAddress, offset: int) -> Iterator[StoredRecord]:
        """Messages from the offset or somewhat earlier: letters come in the order of a topic, so one reader serves."""
        reader = self._readers.get(place)
        if place not in self._records or reader is None or not 0 <= offset - reader.position <= _NEAR:
            if reader is not None:
                reader.close()
            self._readers[place] = self._cluster.reader_of(place, offset, _TIMEOUT_SECONDS)
            self._records[place] = iter(self._readers[place])
        return self._records[place]


class LetterReplay:
    """One run. counts: of the letters so far. Close it."""

    def __init__(
        self, connection: KafkaConnection, topics: Topics, repair: Repair | None = None, *, dry_run: bool = False
    ) -> None:
        """topics: those that exist now, with the number of their partitions."""
        self.counts = ReplayCounts()
        self._connection = connection
        self._topics = topics
        self._originals = Originals(KafkaCluster(connection))
        self._repair = repair
        self._dry_run = dry_run
        self._taken: set[tuple[PartitionAddress, int]] = set()
        self._producers: dict[str, TopicProducer] = {}
        self._receipts: dict[str, Receipt] = {}
        self._unconfirmed = 0

    def take(self, letter: Letter) -> str:
        """Send what the letter stands for; the outcome in words. KafkaUnavailable, KafkaRefused, ConfigurationError."""
        if (letter.place, letter.offset) in self._taken:
            self.counts.repeated += 1
            return "left out: an earlier letter is of the same message"
        self._taken.add((letter.place, letter.offset))
        try:
            record, has_key = self._record(letter)
        except Refusal as refusal:
            self.counts.reasons[str(refusal)] += 1
            return f"refused: {refusal}"
        self.counts.without_key += not has_key
        self._send(letter.place, record)
        return ("would be sent" if self._dry_run else "sent") + ("" if has_key else " without its key")

    def finish(self) -> None:
        """Return when all are acknowledged. KafkaUnavailable, KafkaRefused."""
        receipts, self._receipts = self._receipts, {}
        for topic, receipt in receipts.items():
            self._producers[topic].flush(receipt)
        self.counts.sent += self._unconfirmed
        self._unconfirmed = 0

    def close(self) -> None:
        """Disconnect."""
        self._originals.close()
        for producer in self._producers.values():
            producer.close()

    def _record(self, letter: Letter) -> tuple[ProducerRecord, bool]:
        """The message to send, and whether its key is known. Refusal."""
        topic, partition = letter.place
        if topic not in self._topics:
            raise Refusal("its topic does not exist")
        if partition >= self._topics[topic]:
            raise Refusal("its partition does not exist")
        original = self._originals.find(letter)
        if original is None and not letter.is_whole:
            raise Refusal("the letter holds a part of it, and its topic no longer has it")
        payload = letter.payload if original is None else original.value or b""
        payload = self._repair(payload) if self._repair else payload
        if original is None:
            return ProducerRecord(payload), False
        return ProducerRecord(payload, original.key, original.headers), True

    def _send(self, place: PartitionAddress, record: ProducerRecord) -> None:
        """To the partition that it came from, where the other messages of its key are."""
        self._unconfirmed += 1
        if self._dry_run:
            return
        topic = place.topic
        if topic not in self._producers:
            self._producers[topic] = TopicProducer(self._connection, topic, _TIMEOUT_SECONDS)
        receipt = self._receipts.setdefault(topic, Receipt())
        self._producers[topic].produce(record, receipt, place.partition)
        if self._unconfirmed >= _BATCH:
            self.finish()

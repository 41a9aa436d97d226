import pytest
from confluent_kafka import KafkaError, KafkaException

from ingest.kafka.faults import CallbackErrors, Complaint


def test_what_callbacks_raise_is_kept_for_the_loop() -> None:
    errors = CallbackErrors()
    errors.raise_first()
    first = KafkaException(KafkaError(KafkaError.UNKNOWN))

    def fail(error: BaseException) -> None:
        raise error

    callback = errors.kept(fail)
    callback(first)
    callback(ValueError("later"))
    with pytest.raises(KafkaException) as raised:
        errors.raise_first()
    assert raised.value is first


def test_a_cause_is_new_once() -> None:
    complaint = Complaint()
    assert not complaint.ended()
    assert complaint.is_new("a")
    assert not complaint.is_new("a")
    assert complaint.is_new("b")
    assert complaint.ended()
    assert not complaint.ended()
    assert complaint.is_new("b")

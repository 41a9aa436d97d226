from common.settings.kafka import KafkaSettings
from ingest.loop import Batching, batching_of


def test_a_batch_is_larger_while_catching_up() -> None:
    assert Batching().wanted(catching_up=False) == 1000
    assert Batching().wanted(catching_up=True) == 5000


def test_a_batch_larger_than_the_catch_up_size_is_not_cut_by_it() -> None:
    assert Batching(size=8000, catch_up_size=5000).wanted(catching_up=True) == 8000


def test_fewer_messages_are_asked_for_when_each_holds_many_events() -> None:
    assert Batching().wanted(catching_up=False, events_per_message=100.0) == 10
    assert Batching().wanted(catching_up=True, events_per_message=10_000.0) == 1


def test_the_settings_have_the_defaults_of_the_guide() -> None:
    assert batching_of(KafkaSettings(kafka_group_id="g")) == Batching(1000, 5000, fetch_timeout=1.0, linger=0.02)

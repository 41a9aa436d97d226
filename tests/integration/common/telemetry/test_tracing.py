"""Traces: which spans there are, and how they hang together over calls and messages."""

import io
import json
import logging

from prometheus_client import CollectorRegistry

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.post import LightPost
from common.settings.kafka import KafkaSettings
from common.telemetry.logs import JsonLines
from common.telemetry.tracing import outgoing, span
from ingest.batch import Message
from ingest.loop import Adapters, IngestLoop
from ingest.metrics import IngestMetrics
from ingest.wiring import policies_of
from ingest.write.refined_topic import RefinedTopicSink
from ingest.write_limiter import WriteLimiter
from tests.support.fakes.memory_adapters import DIGITS, MemoryDeadLetters, MemorySink
from tests.support.fakes.memory_topic import MemoryTopic
from tests.support.in_loop import in_loop
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import KafkaTopic
from tests.support.serving.read_service import FakeFollows, serving
from tests.support.serving.spans import recorded_spans
from tests.support.unused import unique
from tests.support.wait import eventually

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ELSEWHERE = f"00-{TRACE}-{SPAN}-01"


def test_a_span_is_part_of_the_one_that_it_is_in() -> None:
    with recorded_spans() as spans, span("outer", parent=ELSEWHERE), span("inner", posts=3):
        pass
    outer, inner = spans.named("outer"), spans.named("inner")
    assert (outer.trace_id, outer.parent_id) == (TRACE, SPAN)
    assert (inner.trace_id, inner.parent_id) == (TRACE, outer.span_id)
    assert inner.attributes == {"posts": 3}


def test_what_a_batch_came_from_is_linked_once() -> None:
    with recorded_spans() as spans, span("batch", links=["", ELSEWHERE, "nonsense", ELSEWHERE]):
        pass
    assert spans.named("batch").links == [TRACE]


def test_a_line_of_the_log_names_the_span_that_it_was_written_in() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    record = logging.makeLogRecord({"msg": "hello"})
    with recorded_spans():
        with span("request", parent=ELSEWHERE):
            handler.emit(record)
        handler.emit(record)
    within, outside = map(json.loads, stream.getvalue().splitlines())
    assert within["trace_id"] == TRACE
    assert len(within["span_id"]) == 16
    assert "trace_id" not in outside


@in_loop
async def test_request_and_follow_lookup_join_the_callers_trace() -> None:
    with recorded_spans() as spans:
        async with serving(FakeFollows({1: [20]})) as served:
            await served.ask(GetInNetworkPostsRequest(user_id=1), metadata=(("traceparent", ELSEWHERE),))
    request, follows = spans.named("GetInNetworkPosts"), spans.named("follows")
    assert (request.trace_id, request.parent_id) == (TRACE, SPAN)
    assert (follows.trace_id, follows.parent_id) == (TRACE, request.span_id)


@in_loop
async def test_a_duration_names_the_sampled_trace_of_its_request() -> None:
    with recorded_spans():
        async with serving() as served:
            for sampled in ("00", "01", "00"):
                traceparent = f"00-{TRACE[:-2]}{sampled}-{SPAN}-{sampled}"
                await served.ask(GetInNetworkPostsRequest(), metadata=(("traceparent", traceparent),))
            samples = [sample for family in served.registry.collect() for sample in family.samples]
    named = [(sample.name, sample.exemplar.labels) for sample in samples if sample.exemplar]
    assert named == [("get_in_network_posts_duration_seconds_bucket", {"trace_id": f"{TRACE[:-2]}01"})]


def test_a_message_carries_the_span_in_which_it_was_sent(kafka: KafkaBroker) -> None:
    topic = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("refined")))
    settings = KafkaSettings.model_validate(
        {
            "kafka_group_id": "unused",
            "in_network_events_consumer_dest": kafka.bootstrap,
            "innetwork_post_topic": topic.name,
        }
    )
    messages: list[Message] = []
    with recorded_spans():
        with span("batch of raw"):
            sent_in = outgoing()["traceparent"]
            RefinedTopicSink(settings).write([LightPost(1, 10, 1000)], now=0)
        topic.produce(b"by a sender that does not trace")
        member = topic.join()
        try:
            eventually(lambda: messages.extend(member.poll(10)) or len(messages) == 2, "both messages")
        finally:
            member.close()
    assert [message.traceparent for message in messages] == [sent_in, ""]


def test_batch_links_to_the_spans_of_its_messages() -> None:
    topic = MemoryTopic()
    topic.partitions[0] = [Message(0, offset, b"7", traceparent=ELSEWHERE) for offset in range(3)]
    adapters = Adapters(topic.join(), DIGITS, MemorySink(), MemoryDeadLetters())
    metrics = IngestMetrics(CollectorRegistry())
    loop = IngestLoop(
        "posts",
        adapters,
        policies_of(KafkaSettings(kafka_group_id="g")),
        WriteLimiter(1),
        metrics,
        lambda: 1000,
        lambda: False,
    )
    with recorded_spans() as spans:
        loop.run_once()
        loop.run_once()
    batch = spans.named("batch of posts")
    assert batch.links == [TRACE]
    assert batch.attributes == {"messages": 3}

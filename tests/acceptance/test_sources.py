"""`thunder source` as a user meets it: real processes, a real broker, a real Redis."""

import json
import os
import re
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, InNetworkEvent
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import read_topic
from tests.support.processes.source_runs import Json, Sources, report_of
from tests.support.processes.thunder import Role, Thunder
from tests.support.sources.distribution import install, install_example_of_guide
from tests.support.sources.event_stream_server import EventStreamServer
from tests.support.sources.jetstream_server import JetstreamServer
from tests.support.sources.mastodon_server import MastodonServer, status_id
from tests.support.sources.scenes import Says
from tests.support.unused import free_port, unique
from tests.support.wait import eventually

LIVE = [("bluesky", "--jetstream-url", JetstreamServer), ("wikipedia", "--recentchange-url", EventStreamServer)]
RECORDING = Path(__file__).parents[1] / "data" / "jetstream_recording.jsonl"


@pytest.fixture
def sources(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> Sources:
    return Sources(thunder, kafka, redis_url)


@pytest.fixture
def server(thunder: Thunder, kafka: KafkaBroker, redis_url: str, sources: Sources) -> Role:
    """Ingests what the sources write, and answers."""
    role = thunder.start(
        *("--is-serving", "--kafka-group-id", unique("feed"), "--auto-offset-reset", "smallest"),
        *("--in-network-events-consumer-dest", kafka.bootstrap, "--innetwork-post-topic", sources.topic),
        *("--redis-url", redis_url),
    )
    role.wait_until_ready()
    return role


def assert_accounted_for(report: Json) -> None:
    sent, ignored, dropped = (sum(report[disposition].values()) for disposition in ("sent", "ignored", "dropped"))
    assert report["received"] == sent + ignored + dropped
    assert (report["produced"], report["failed"]) == (sent, 0)


def test_events_of_a_file_are_served_and_bad_lines_are_counted(sources: Sources, server: Role, tmp_path: Path) -> None:
    now = int(time.time())
    lines = [json.dumps({"tweetCreateEvent": {"postId": n, "authorId": 7, "createdAt": now - n}}) for n in (1, 2, 3)]
    lines += ["oops", json.dumps({"tweetDeleteEvent": {"postId": 2}})]
    lines += [json.dumps({"viewerId": 1, "targetId": 7, "at": now})]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(lines))

    report = sources.report("jsonl", "--file", str(path))

    assert_accounted_for(report)
    assert report["sent"] == {"post": 3, "delete": 1, "follow": 1}
    assert report["dropped"] == {"not_json": 1}
    request = GetInNetworkPostsRequest(following_user_ids=[7])
    eventually(lambda: [post.post_id for post in server.ask(request).posts] == [1, 3], "what is not deleted is served")


def test_events_come_through_a_pipe(sources: Sources) -> None:
    post = json.dumps({"tweetCreateEvent": {"postId": 1, "authorId": 7, "createdAt": int(time.time())}})

    report = sources.report("jsonl", "--file", "-", stdin=f"{post}\n{post}\n")

    assert_accounted_for(report)
    assert report["sent"] == {"post": 2}


def test_a_made_up_network_is_served(sources: Sources, server: Role) -> None:
    report = sources.report("synthetic", "--rate", "0", "--count", "500", "--authors", "5", "--follows-per-person", "2")

    assert_accounted_for(report)
    assert report["sent"]["follow"] == 10
    messages = read_topic(sources.bootstrap, sources.topic, lambda read: len(read) == 490)
    events = [InNetworkEvent.FromString(message.value() or b"") for message in messages]
    authors = {event.tweet_create_event.author_id for event in events} - {0}
    request = GetInNetworkPostsRequest(following_user_ids=authors)
    eventually(lambda: len(server.ask(request).posts) > 100, "its posts are served")


def test_every_line_of_a_recording_is_accounted_for(sources: Sources) -> None:
    report = sources.report("bluesky", "--replay", str(RECORDING), "--move-times")

    assert_accounted_for(report)
    assert report["source"] == "bluesky"
    assert (report["received"], sum(report["sent"].values()), sum(report["ignored"].values())) == (27, 20, 7)
    assert report["rates"].keys() == {"received_per_second", "produced_per_second"}


def test_counts_add_up_in_redis_from_run_to_run(sources: Sources) -> None:
    runs = [sources.report("bluesky", "--replay", str(RECORDING)) for _ in range(2)]

    assert [run["received"] for run in runs] == [27, 27]
    assert [run["totals"]["received"] for run in runs] == [27, 54]
    assert runs[1]["totals"]["sent"]["post"] == 2 * runs[1]["sent"]["post"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_flushes_and_prints_the_counts(sources: Sources, number: signal.Signals) -> None:
    role = sources.start("synthetic", "--rate", "500", "--linger-ms", "900", "--json")
    role.wait_until_ready()
    eventually(lambda: role.metrics().value("source_received_total") > 100, "it has said something")
    role.send(number)

    assert role.wait() == 0
    assert_accounted_for(report_of(role))
    assert re.search(r"^ *sent +post +[\d,]+ +[\d,]+ *$", role.output(), re.MULTILINE)


def test_people_get_a_table_without_colours_in_a_pipe(sources: Sources) -> None:
    done = sources.run("synthetic", "--rate", "0", "--count", "100")

    assert done.returncode == 0, done.stderr
    assert re.search(r"^ *event type +this run +in total *$", done.stdout, re.MULTILINE)
    assert re.search(r"^synthetic: received 100 .*, produced 100 .*, queue 0, in .* s$", done.stdout, re.MULTILINE)
    assert "\x1b" not in done.stdout + done.stderr


def test_without_redis_a_source_does_all_but_add_up(thunder: Thunder, kafka: KafkaBroker) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}"
    role = Sources(thunder, kafka, nowhere).start("synthetic", "--rate", "200", "--count", "600", "--json")

    report = report_of(role)
    assert_accounted_for(report)
    assert (report["received"], report["totals"]) == (600, None)
    assert role.wait() == 0
    assert role.output().count("Counts and position are not stored while Redis") == 1


def test_a_topic_that_is_not_there_yet_is_waited_for(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
    topic = unique("innetwork_post")
    flags = ("--topic", topic, "--in-network-events-producer-dest", kafka.bootstrap, "--redis-url", redis_url)
    role = thunder.start("source", "synthetic", "--rate", "0", "--count", "10", "--json", *flags)
    role.wait_for_output(f"Waiting for Kafka topic {topic}")
    assert role.status("/readyz") == 503
    kafka.create_topic(topic, 1)

    assert report_of(role)["produced"] == 10
    assert role.wait() == 0


def test_unreachable_brokers_are_awaited_until_the_stop(thunder: Thunder, redis_url: str) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    role = thunder.start(
        *("source", "jsonl", "--file", str(RECORDING), "--in-network-events-producer-dest", nowhere),
        *("--redis-url", redis_url, "--json"),
    )
    role.wait_for_output(f"Waiting for Kafka topic innetwork_post at {nowhere}")

    assert role.terminate() == 0
    assert report_of(role)["received"] == 0


def test_what_is_not_delivered_in_the_end_is_a_failure(sources: Sources, kafka: KafkaBroker) -> None:
    refusing = kafka.create_topic(unique("innetwork_post"), 1, {"max.message.bytes": "1"})
    done = sources.run(
        *("synthetic", "--rate", "0", "--count", "10", "--json", "--topic", refusing, "--follows-topic", refusing)
    )

    report = json.loads(done.stdout)
    assert (report["received"], report["produced"], report["failed"]) == (10, 0, 10)
    assert done.returncode == 1
    assert "Events not delivered: 10" in done.stderr


@pytest.mark.parametrize(("name", "flag", "network"), LIVE)
def test_live_source_resumes_unless_it_starts_now(
    name: str, flag: str, network: type[JetstreamServer] | type[EventStreamServer], sources: Sources
) -> None:
    with closing(network()) as server:
        for number, more in enumerate(((), (), ("--from-now",)), start=1):
            server.stage.plays(Says((server.event(number),)))
            role = sources.start(name, flag, server.url, "--json", *more)
            role.wait_until_ready()
            eventually(lambda role=role: role.metrics().value("source_produced_total") == 1, "the event is sent")
            assert role.terminate() == 0
            assert_accounted_for(report_of(role))
        assert server.asked_to_resume() == ["", server.resumed_after(1), ""]


@pytest.mark.parametrize(("name", "flag", "network"), LIVE)
def test_a_run_without_events_is_resumed_from_its_connection(
    name: str, flag: str, network: type[JetstreamServer] | type[EventStreamServer], sources: Sources
) -> None:
    with closing(network()) as server:
        before = time.time()
        server.stage.plays(Says(()), Says((server.event(1),)))
        role = sources.start(name, flag, server.url, "--from-now")
        eventually(lambda: server.stage.asked, "it is connected")
        role.wait_until_ready()
        assert role.terminate() == 0
        connected_by = time.time()

        role = sources.start(name, flag, server.url)
        eventually(lambda: len(server.stage.asked) == 2, "it is connected again")
        resumed_at = server.resumed_at(1)
        assert role.terminate() == 0
        assert resumed_at is not None
        assert before - 5.01 <= resumed_at <= connected_by - 5


def test_posts_of_a_mastodon_server_are_sent(sources: Sources) -> None:
    with closing(MastodonServer()) as server:
        delete = server.message(b"%d" % status_id(1), b"delete")
        server.stage.plays(Says((server.event(1), server.event(2), delete)))
        role = sources.start("mastodon", "--server-url", server.server_url, "--json")
        role.wait_until_ready()
        eventually(lambda: role.metrics().value("source_produced_total") == 3, "all is sent")
        assert role.terminate() == 0
        report = report_of(role)
    assert_accounted_for(report)
    assert report["sent"] == {"post": 2, "delete": 1}
    messages = read_topic(sources.bootstrap, sources.topic, lambda read: len(read) == 3)
    events = [InNetworkEvent.FromString(message.value() or b"") for message in messages]
    assert {event.tweet_create_event.post_id for event in events} == {status_id(1), status_id(2), 0}


def test_an_option_that_is_not_obeyed_ends_with_code_2(sources: Sources) -> None:
    done = sources.run("bluesky", "--jetstream-url", "ws://127.0.0.1:1/subscribe?compress=true")

    assert done.returncode == 2
    assert "'compress' is not supported" in done.stderr


def test_a_stream_of_garbage_ends_with_code_3(sources: Sources) -> None:
    with closing(JetstreamServer()) as server:
        server.stage.plays(Says((b"garbage",) * 1500))
        done = sources.run("bluesky", "--jetstream-url", server.url, "--json")

    assert done.returncode == 3
    assert "none of the first 1,000 messages is readable" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["dropped"] == {"not_json": 1000}


def test_a_source_of_another_distribution_is_run_beside_a_broken_one(
    sources: Sources, thunder: Thunder, tmp_path: Path
) -> None:
    install_example_of_guide(tmp_path / "good")
    install(tmp_path / "bad", "broken_source", "import nowhere\n", "flaky")
    path = {"PYTHONPATH": f"{tmp_path / 'good'}{os.pathsep}{tmp_path / 'bad'}"}
    sources.env = {**path, "THUNDER_TICKER_AUTHOR": "7", "THUNDER_FLAKY_TOKEN": "t"}

    report = sources.report("ticker", "--ticks", "2")

    assert_accounted_for(report)
    assert (report["source"], report["sent"]) == ("ticker", {"post": 2})
    messages = read_topic(sources.bootstrap, sources.topic, lambda read: len(read) == 2)
    events = [InNetworkEvent.FromString(message.value() or b"") for message in messages]
    assert [event.tweet_create_event.author_id for event in events] == [7, 7]

    flaw = "The source flaky of broken_source 1.5 cannot be used: ModuleNotFoundError: No module named 'nowhere'"
    done = thunder.run("source", "flaky", env=path)
    assert (done.returncode, done.stderr) == (2, f"thunder source flaky: {flaw}\n")
    done = thunder.run("source", "ticker", env=path)
    assert done.returncode == 2
    assert done.stderr == f"{flaw}\nthunder source ticker: --author is required (or THUNDER_TICKER_AUTHOR)\n"
    done = thunder.run("source", "--help", env=path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "thunder source ticker      posts of one author at an interval" in done.stdout

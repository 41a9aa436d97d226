"""`thunder bench` in small: no speed is asserted, only that it runs and what its JSON looks like."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from common.native import Language
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.post import LightPost
from common.store.keys import KeySpace
from ingest.native import DECODER
from tests.support.processes.thunder import Thunder
from tests.support.redis.filled_store import fill_store
from thunder.bench import freshness, ingest, latency, memory, read
from thunder.bench.peers.naive_server import NaiveReader
from thunder.bench.standard_store import posts, requests, standard_authors
from thunder.cli.main import main

AUTHORS = 40

ROW = {
    "follows",
    "max_results",
    "cache",
    "core",
    "requests_per_cpu_second",
    "ratio_to_naive",
    "server_ms",
    "redis_ms",
    "p50_ms",
    "p99_ms",
    "bytes",
    "commands",
}


def in_small(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    kinds = (read.Kind(20, 100), read.Kind(200, 1200))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr(read, "QUICK", read.Plan(AUTHORS, kinds, rounds=1, seconds=0.1))
    monkeypatch.setattr(ingest, "QUICK", ingest.IngestPlan(12_000, rounds=1))
    monkeypatch.setattr(memory, "QUICK", 500)
    monkeypatch.setattr(freshness, "QUICK_PROBES", 2)
    monkeypatch.setattr(latency, "QUICK", latency.LatencyPlan(AUTHORS, 0.2, 12_000))


def test_quick_run_prints_all_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_small(monkeypatch, tmp_path)
    assert main(["bench", "all", "--quick", "--json", "--svg", str(tmp_path / "plot.svg")]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(found) == {"read", "ingest", "memory", "freshness", "latency"}
    assert set(found["read"]) == {"rows", "floor_ms"}
    assert all(set(row) == ROW and not row["cache"] for row in found["read"]["rows"])
    assert {row["core"] for row in found["read"]["rows"]} == set(read.CORES)
    by_format = ["events_per_cpu_second", *(["events_per_cpu_second_in_python"] if DECODER is Language.NATIVE else [])]
    assert set(found["ingest"]) == {*by_format, "redis_us_per_post", "ratio_to_naive"}
    assert all(set(found["ingest"][name]) == {"protobuf", "thrift"} for name in by_format)
    assert set(found["memory"]["bytes_per_post"]) == {"50", "5"}
    assert [row["events_per_second"] for row in found["freshness"]["rows"]] == [500, 5000]
    assert [row["share_of_peak"] for row in found["latency"]["open_loop"]] == [0.5, 0.8]
    assert (tmp_path / "plot.svg").read_text().startswith("<svg")
    assert list(tmp_path.glob("thunder-bench/store-*.rdb"))


def test_naive_server_answers_like_the_product(redis_url: str, thunder: Thunder) -> None:
    now = int(time.time())
    stored = list(posts(now, AUTHORS))
    fill_store(redis_url, stored)
    server = thunder.start("serve", "--redis-url", redis_url)
    server.wait_until_ready()
    asked = common_requests(stored)
    naive = asyncio.run(naive_answers(redis_url, asked))
    for request, answer in zip(asked, naive, strict=True):
        expected = server.ask(request)
        assert list(answer.posts) == list(expected.posts)
        assert answer.has_more == expected.has_more


def common_requests(stored: list[LightPost]) -> list[GetInNetworkPostsRequest]:
    """Requests of the common form; some viewers have been reposted, some are followed by nobody."""
    seen, authors = [post.post_id for post in stored], standard_authors(AUTHORS)
    asked = [
        *requests(4, 10, 100, seen, authors),
        *requests(4, 40, 1200, seen, authors),
        *requests(2, 3, 0, [], authors),
    ]
    for number, request in enumerate(asked):
        request.user_id = authors[number]
    return asked


async def naive_answers(url: str, asked: list[GetInNetworkPostsRequest]) -> list[GetInNetworkPostsResponse]:
    reader = NaiveReader(url, KeySpace(), 172_800)
    try:
        return [await reader.answer(request, None) for request in asked]
    finally:
        await reader.close()


def test_running_server_is_loaded(
    redis_url: str, thunder: Thunder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_store(redis_url, list(posts(int(time.time()), AUTHORS)))
    server = thunder.start("serve", "--redis-url", redis_url)
    server.wait_until_ready()
    ids = tmp_path / "ids"
    ids.write_text("\n".join(map(str, standard_authors(AUTHORS))))
    address = f"127.0.0.1:{server.grpc_port}"
    words = ["--rate", "50", "--seconds", "0.5", "--follows", "10", "--authors-file", str(ids), "--json"]
    assert main(["bench", "serve", "--address", address, *words]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    names = {"sent", "offered_per_second", "goodput_per_second", "p50_ms", "p99_ms", "p999_ms"}
    assert set(found) == names | {"answer_bytes", "refused", "partial", "errors"}
    assert found["answer_bytes"] > 0
    assert server.metrics().value("thunder_event_loop_stalls_total") >= 0

"""Options of `thunder bench`."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from common.settings.types import CommandOptions, Count, DefaultInWords, Text, Unit


class BenchOutputOptions(CommandOptions):
    """Output"""

    as_json: Annotated[bool, Field(alias="json", description="print the figures as one JSON object, the last line")] = (
        False
    )


class PlotOptions(CommandOptions):
    """Output"""

    svg: Annotated[
        Path | None,
        Field(description="file for a bar plot of the figures of reading"),
        Unit("FILE"),
        DefaultInWords("none"),
    ] = None


class LengthOptions(CommandOptions):
    """Length"""

    quick: Annotated[
        bool, Field(description="measure a smaller store for a shorter time: each benchmark ends within a minute")
    ] = False


class BenchRedisOptions(CommandOptions):
    """Servers"""

    redis_url: Annotated[
        SecretStr | None,
        Field(description="an empty Redis to measure with; it is filled, and emptied again at the end"),
        Unit("URL"),
        DefaultInWords("one that is started for this run"),
    ] = None

    @property
    def redis_address(self) -> str | None:
        """The URL, which may hold a password."""
        return self.redis_url.get_secret_value() if self.redis_url else None


class BenchKafkaOptions(CommandOptions):
    """Servers"""

    brokers: Annotated[
        Text | None,
        Field(description="Kafka brokers to measure with, as host:port,host:port; topics of this run are left there"),
        Unit("HOST:PORT"),
        DefaultInWords("a broker inside this process"),
    ] = None


class ReadBenchOptions(PlotOptions, BenchOutputOptions, LengthOptions, BenchRedisOptions):
    """thunder bench read: cost of requests."""


class MemoryBenchOptions(BenchOutputOptions, LengthOptions, BenchRedisOptions):
    """thunder bench memory: memory of a post."""


class IngestBenchOptions(BenchOutputOptions, LengthOptions, BenchKafkaOptions, BenchRedisOptions):
    """thunder bench ingest: cost of events."""


class FreshnessBenchOptions(BenchOutputOptions, LengthOptions, BenchKafkaOptions, BenchRedisOptions):
    """thunder bench freshness: time from Kafka to an answer."""


class LatencyBenchOptions(BenchOutputOptions, LengthOptions, BenchKafkaOptions, BenchRedisOptions):
    """thunder bench latency: latency under load, and catching up."""


class AllBenchOptions(PlotOptions, BenchOutputOptions, LengthOptions, BenchKafkaOptions, BenchRedisOptions):
    """thunder bench all: every benchmark, one after the other."""


class LoadOptions(BenchOutputOptions):
    """Load"""

    rate: Annotated[float, Field(gt=0, description="calls per second, begun at random times"), Unit("calls/s")] = 100.0
    seconds: Annotated[float, Field(gt=0, description="duration of the load"), Unit("s")] = 10.0
    follows: Annotated[Count, Field(description="followed authors of each request"), Unit("ids")] = 200
    results: Annotated[Count, Field(description="largest number of posts in an answer"), Unit("posts")] = 1200
    connections: Annotated[Count, Field(description="connections over which the calls are spread")] = 4
    authors_file: Annotated[
        Path | None,
        Field(description="file with an author id a line, from which the followed authors are drawn"),
        Unit("FILE"),
        DefaultInWords("the authors of the standard store"),
    ] = None

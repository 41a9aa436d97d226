"""The checks of each role: its settings, topics, Redis servers, rights and files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from common.errors import ConfigurationError
from common.native import Language
from common.settings.ingest import EventsSource, IngestSettings, TransformSettings
from common.settings.kafka import KafkaSettings
from common.settings.serve import AnswerSettings, CallerSettings, CoreChoice, ServeSettings
from common.settings.source import SourceSettings
from common.settings.types import Settings
from ingest.native import DECODER
from ingest.sources.catalogue import catalogue
from serve.blocked_authors import BlockedAuthors
from serve.rpc.authentication import Authenticator
from serve.rpc.tls import server_credentials
from serve.timeline.cores import chosen_core
from thunder.doctor.finding import Finding, fail, ok, warn
from thunder.doctor.kafka_probe import probe_kafka
from thunder.doctor.kafka_rules import DEAD_LETTER_BYTES, WantedTopic
from thunder.doctor.redis_probe import probe_redis
from thunder.doctor.redis_rights import INGEST, SERVE, SOURCE
from thunder.doctor.redis_rules import RedisRequirements

_SKEW_SECONDS = 60
_COMPILE = "install the product again where there is a C compiler and Python.h (apt install gcc python3-dev)"


class CheckedRole(StrEnum):
    """Role whose dependencies can be checked."""

    INGEST = "ingest"
    SERVE = "serve"
    TRANSFORM = "transform"
    SOURCE = "source"


class RoleChecks(NamedTuple):
    """The settings of a role, and the checks that are run with them."""

    settings: type[Settings]
    run: Callable[[Any], Iterator[Finding]]


def _ingest(settings: IngestSettings) -> Iterator[Finding]:
    if settings.events is not EventsSource.FOLLOWS:
        yield _decoder(DECODER)
    read = _read(settings, _partitions(settings), _kept(settings))
    yield from _kafka(settings, read, [_dead_letters(settings)])
    yield from probe_redis(settings, INGEST, RedisRequirements(writes=True, skew=settings.clock_skew_seconds))


def _transform(settings: TransformSettings) -> Iterator[Finding]:
    raw = _read(settings, settings.tweet_events_num_partitions, settings.post_retention_seconds)
    refined = WantedTopic(settings.innetwork_post_topic, kept_seconds=settings.post_retention_seconds)
    yield from _kafka(settings, raw, [refined, _dead_letters(settings)])


def _serve(settings: ServeSettings) -> Iterator[Finding]:
    yield _read_core(settings)
    yield from _caller_files(settings)
    yield from _blocked_authors(settings)
    yield from probe_redis(settings, SERVE, RedisRequirements(writes=False, skew=settings.clock_skew_seconds))


def _source(settings: SourceSettings) -> Iterator[Finding]:
    yield from _kind_of_source(settings)
    posts = WantedTopic(settings.topic, largest_sent=settings.batch_bytes)
    follows = WantedTopic(settings.follows_topic, kept_seconds=None, made=True)
    written = [posts, follows] if _sends_follows(settings) else [posts]
    yield from probe_kafka(settings.producer_connection, written)
    yield from probe_redis(settings, SOURCE, RedisRequirements(writes=True, skew=_SKEW_SECONDS))


def _kind_of_source(settings: SourceSettings) -> Iterator[Finding]:
    """Open the source as its command does, if one is named, without connecting it; report those that are broken."""
    kinds, broken = catalogue()
    for flaw in broken.values():
        yield warn("Sources", flaw, "update its distribution, or uninstall it")
    for name, kind in kinds.items():
        if kind.settings is type(settings):
            yield _loaded(f"Source {name}", partial(kind.opened, settings), "correct the setting")


def _sends_follows(settings: SourceSettings) -> bool:
    """Whether the source with these settings writes follows; true for settings that belong to no source."""
    kinds = [kind for kind in catalogue().kinds.values() if kind.settings is type(settings)]
    with suppress(ConfigurationError):  # _kind_of_source reports it
        return all(kind.opened(settings).has_follows for kind in kinds)
    return True


def checks_of(role: CheckedRole, source: str | None) -> RoleChecks:
    """The checks of a role; source: the one whose own settings are checked, too. ConfigurationError."""
    if source is None:
        return CHECKS[role]
    if role is not CheckedRole.SOURCE:
        raise ConfigurationError("--source goes with --role source")
    kinds, broken = catalogue()
    if source not in kinds:
        raise ConfigurationError(broken.get(source, f"--source: no such source; there are {', '.join(kinds)}"))
    return RoleChecks(kinds[source].settings, _source)


CHECKS: Mapping[CheckedRole, RoleChecks] = {
    CheckedRole.INGEST: RoleChecks(IngestSettings, _ingest),
    CheckedRole.SERVE: RoleChecks(ServeSettings, _serve),
    CheckedRole.TRANSFORM: RoleChecks(TransformSettings, _transform),
    CheckedRole.SOURCE: RoleChecks(SourceSettings, _source),
}


def _kafka(settings: KafkaSettings, read: WantedTopic, written: Sequence[WantedTopic]) -> Iterator[Finding]:
    if settings.consumer_connection == settings.producer_connection:
        yield from probe_kafka(settings.consumer_connection, [read, *written])
    else:
        yield from probe_kafka(settings.consumer_connection, [read])
        yield from probe_kafka(settings.producer_connection, written)


def _read(settings: IngestSettings | TransformSettings, partitions: int | None, kept: int | None) -> WantedTopic:
    return WantedTopic(settings.source_topic, partitions, kept, largest_fetch=settings.max_partition_fetch_bytes)


def _dead_letters(settings: KafkaSettings) -> WantedTopic:
    return WantedTopic(settings.dead_letter_topic, largest_sent=DEAD_LETTER_BYTES, made=True)


def _partitions(settings: IngestSettings) -> int | None:
    return {
        EventsSource.REFINED: settings.kafka_tweet_events_v2_num_partitions,
        EventsSource.RAW: settings.tweet_events_num_partitions,
        EventsSource.FOLLOWS: None,
    }[settings.events]


def _kept(settings: IngestSettings) -> int | None:
    return None if settings.events is EventsSource.FOLLOWS else settings.post_retention_seconds


def _read_core(settings: AnswerSettings) -> Finding:
    """Choose the read core as the server does when it starts; warn of the slower one where it was not asked for."""
    subject = "Read core"
    try:
        name = chosen_core(settings.read_core).name
    except ConfigurationError as error:
        return fail(subject, str(error), "install the product again where there is a C compiler and Python.h")
    if name is Language.NATIVE or settings.read_core is CoreChoice.PYTHON:
        return ok(subject, name)
    return warn(
        subject, "python, about a third as fast as the native one, which was not compiled at installation", _COMPILE
    )


def _decoder(language: Language) -> Finding:
    """Tell what decodes plain creates; warn of the slower one."""
    subject = "Decoder"
    if language is Language.NATIVE:
        return ok(subject, language)
    fact = "python, a third to two thirds as fast as the native one, which was not compiled at installation"
    return warn(subject, fact, _COMPILE)


def _caller_files(settings: CallerSettings) -> Iterator[Finding]:
    """Load certificates and bearer tokens as the server does when it starts, if they are set."""
    if settings.is_open:
        yield warn(
            "gRPC callers",
            f"every caller that reaches {settings.grpc_host} is accepted",
            "set --grpc-tokens-file or --grpc-tls-client-ca, or let only trusted networks reach the port",
        )
    if settings.grpc_tls_certificate:
        yield _loaded("gRPC certificates", lambda: server_credentials(settings))
    if settings.grpc_tokens_file:
        yield _loaded("Bearer tokens", lambda: Authenticator(settings))


def _blocked_authors(settings: AnswerSettings) -> Iterator[Finding]:
    """Read the file of blocked authors as the server does when it starts, if it is set."""
    if settings.blocked_authors_file:
        yield _loaded("Blocked authors", lambda: BlockedAuthors(settings.blocked_authors_file))


def _loaded(subject: str, load: Callable[[], object], remedy: str = "check the files and their permissions") -> Finding:
    try:
        load()
    except ConfigurationError as error:
        return fail(subject, str(error), remedy)
    return ok(subject, "can be used")

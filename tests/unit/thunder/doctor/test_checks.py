import pytest

from common.errors import ConfigurationError
from common.native import Language
from common.settings.ingest import EventsSource, IngestSettings
from common.settings.serve import ServeSettings
from common.settings.source import SourceSettings
from ingest.sources.bluesky import BlueskySettings
from ingest.sources.catalogue import Catalogue, built_in
from ingest.sources.wikipedia import WikipediaSettings
from thunder.doctor import checks
from thunder.doctor.checks import CHECKS, CheckedRole, checks_of
from thunder.doctor.finding import Finding, Severity
from thunder.doctor.kafka_rules import WantedTopic


@pytest.fixture(autouse=True)
def no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    def probe(*_: object) -> list[Finding]:
        return []

    monkeypatch.setattr(checks, "probe_kafka", probe)
    monkeypatch.setattr(checks, "probe_redis", probe)


def test_a_source_is_opened_with_its_own_settings() -> None:
    settings, run = checks_of(CheckedRole.SOURCE, "bluesky")
    assert settings is BlueskySettings
    [good] = run(BlueskySettings())
    [bad] = run(BlueskySettings(jetstream_url="ws://host/subscribe?compress=true"))
    assert good == Finding(Severity.OK, "Source bluesky", "can be used")
    assert (bad.verdict, bad.remedy) == (Severity.FAIL, "correct the setting")
    assert "'compress' is not supported" in bad.fact


def topics_of(settings: SourceSettings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Topics that the doctor asks for."""
    asked = list[str]()

    def probe(_: object, topics: list[WantedTopic]) -> list[Finding]:
        asked.extend(topic.name for topic in topics)
        return []

    monkeypatch.setattr(checks, "probe_kafka", probe)
    list(CHECKS[CheckedRole.SOURCE].run(settings))
    return asked


def test_a_source_without_follows_needs_no_topic_of_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert topics_of(SourceSettings(), monkeypatch) == ["innetwork_post", "follows"]
    assert topics_of(BlueskySettings(), monkeypatch) == ["innetwork_post", "follows"]
    assert topics_of(BlueskySettings(jetstream_url="http://x"), monkeypatch) == ["innetwork_post", "follows"]
    assert topics_of(WikipediaSettings(), monkeypatch) == ["innetwork_post"]


def test_a_source_is_known_and_goes_with_its_role() -> None:
    with pytest.raises(ConfigurationError, match="no such source; there are bluesky, "):
        checks_of(CheckedRole.SOURCE, "xyzzy")
    with pytest.raises(ConfigurationError, match="--source goes with --role source"):
        checks_of(CheckedRole.INGEST, "bluesky")
    assert checks_of(CheckedRole.SOURCE, None) == CHECKS[CheckedRole.SOURCE]


def test_a_broken_source_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Catalogue(built_in(), {"flaky": "The source flaky of flaky 1.0 cannot be used: oops"})
    monkeypatch.setattr(checks, "catalogue", lambda: broken)
    [finding] = checks_of(CheckedRole.SOURCE, None).run(SourceSettings())
    assert (finding.verdict, finding.fact) == (Severity.WARN, broken.broken["flaky"])
    with pytest.raises(ConfigurationError, match="The source flaky of flaky 1"):
        checks_of(CheckedRole.SOURCE, "flaky")


def test_an_open_server_is_a_warning() -> None:
    _, run = checks_of(CheckedRole.SERVE, None)
    [finding] = [each for each in run(ServeSettings()) if each.subject == "gRPC callers"]
    assert (finding.verdict, finding.fact) == (Severity.WARN, "every caller that reaches :: is accepted")
    assert "gRPC callers" not in {each.subject for each in run(ServeSettings(grpc_host="127.0.0.1"))}


def test_a_decoder_that_was_not_compiled_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    _, run = checks_of(CheckedRole.INGEST, None)
    found = dict[Language, Finding]()
    for language in Language:
        monkeypatch.setattr(checks, "DECODER", language)
        [found[language]] = run(IngestSettings(kafka_group_id="g"))
    assert found[Language.NATIVE] == Finding(Severity.OK, "Decoder", "native")
    assert found[Language.PYTHON].verdict == Severity.WARN
    assert "not compiled" in found[Language.PYTHON].fact
    assert [*run(IngestSettings(kafka_group_id="g", events=EventsSource.FOLLOWS))] == []

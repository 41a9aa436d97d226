import pytest
from pydantic import ValidationError

from common.settings.schema import settings_of
from common.settings.source import SourceSettings
from ingest.sources.bluesky import BlueskySettings
from ingest.sources.jsonl import JsonlSettings
from ingest.sources.synthetic import NetworkSettings, SyntheticSettings
from ingest.sources.wikipedia import WikipediaSettings

SOURCES = (BlueskySettings, WikipediaSettings, SyntheticSettings)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_needs_nothing_and_disturbs_no_other_process(source: type[SourceSettings]) -> None:
    settings = source()
    assert (settings.topic, settings.follows_topic) == ("innetwork_post", "follows")
    assert settings.http_port == 0
    assert not settings.as_json


def test_a_file_has_to_be_named() -> None:
    with pytest.raises(ValidationError, match="file"):
        JsonlSettings.model_validate({})


def test_the_topic_is_the_refined_one_by_whichever_name() -> None:
    assert BlueskySettings(innetwork_post_topic="a").topic == "a"
    assert BlueskySettings(innetwork_post_topic="a", topic="b").topic == "b"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"reply_share": 0.6, "repost_share": 0.5}, "must be at most 1 together"),
        ({"rate": 0, "backlog_seconds": 60}, "needs a rate above 0"),
        ({"rate": -1}, "greater than or equal to 0"),
    ],
)
def test_a_network_that_cannot_be_is_refused(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        SyntheticSettings.model_validate(given)


@pytest.mark.parametrize("source", [BlueskySettings, WikipediaSettings])
@pytest.mark.parametrize("contact", ["ops@example.org", "https://example.org/who?is=it", "http://a"])
def test_a_contact_is_an_address_or_a_url(source: type[SourceSettings], contact: str) -> None:
    assert source.model_validate({"contact": contact}).model_dump()["contact"] == contact


@pytest.mark.parametrize(
    "contact", ["", "me", "a@b\r\nX: y", "a@b c", "(a@b)", "ftp://a", "http://", "ö@example.org", "a@" + "b" * 200]
)
def test_a_contact_that_does_not_fit_a_header_is_refused(contact: str) -> None:
    with pytest.raises(ValidationError, match="contact"):
        WikipediaSettings.model_validate({"contact": contact})


@pytest.mark.parametrize("source", [*SOURCES, JsonlSettings])
def test_every_source_takes_what_users_were_promised(source: type[SourceSettings]) -> None:
    flags = {setting.flag for setting in settings_of(source)}
    assert flags >= {"--in-network-events-producer-dest", "--topic", "--json", "--queue-size", "--when-full"}


@pytest.mark.parametrize("source", [*SOURCES, JsonlSettings])
def test_every_setting_says_what_it_is(source: type[SourceSettings]) -> None:
    assert all(setting.description and "thunder" not in setting.group for setting in settings_of(source))


@pytest.mark.parametrize(
    ("source", "prefix", "names"),
    [
        (BlueskySettings, "BLUESKY", {"jetstream_url", "replay", "move_times"}),
        (WikipediaSettings, "WIKIPEDIA", {"recentchange_url", "bots"}),
        (SyntheticSettings, "SYNTHETIC", NetworkSettings.model_fields.keys()),
        (JsonlSettings, "JSONL", {"file"}),
    ],
)
def test_settings_of_one_kind_carry_its_prefix(source: type[SourceSettings], prefix: str, names: set[str]) -> None:
    variables = {setting.name: setting.variables[0] for setting in settings_of(source)}
    prefixed = {name for name, variable in variables.items() if variable == f"THUNDER_{prefix}_{name.upper()}"}
    assert prefixed == names
    assert (variables["topic"], variables["json"]) == ("THUNDER_TOPIC", "THUNDER_JSON")

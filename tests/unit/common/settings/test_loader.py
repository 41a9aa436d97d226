"""Flags, environment, file: which one wins, what each refuses, and that no complaint quotes a secret."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from pydantic import Field

from common.errors import ConfigurationError
from common.settings.combined import CombinedSettings, ModeSettings
from common.settings.follows import FollowEditSettings, FollowListSettings
from common.settings.ingest import IngestSettings, TransformSettings
from common.settings.loader import check, gather
from common.settings.process import ProcessSettings
from common.settings.serve import ServeSettings
from common.settings.types import Settings

KNOWN = (ModeSettings, TransformSettings, CombinedSettings)
SECRET = "correct-horse"


def serve(*arguments: str, env: Mapping[str, str] | None = None) -> ServeSettings:
    return check(ServeSettings, gather(arguments, env or {}, KNOWN))


def ingest(*arguments: str, env: Mapping[str, str] | None = None) -> IngestSettings:
    return check(IngestSettings, gather(["--kafka-group-id", "g", *arguments], env or {}, KNOWN))


def refusal(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        serve(*arguments, env=env)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "thunder.toml"


def test_flag_wins_over_environment_over_file(file: Path) -> None:
    file.write_text('grpc_port = 1\nhttp_port = 1\nredis_timeout_ms = 1\nlog_level = "debug"\n')
    env = {"THUNDER_CONFIG": str(file), "THUNDER_GRPC_PORT": "2", "THUNDER_HTTP_PORT": "2"}
    settings = serve("--grpc-port", "3", env=env)
    assert (settings.grpc_port, settings.http_port, settings.redis_timeout_ms) == (3, 2, 1)
    assert settings.log_level == "debug"


def test_the_file_is_named_by_flag_or_variable(file: Path) -> None:
    file.write_text("grpc_port = 1")
    assert serve("--config", str(file)).grpc_port == 1
    assert serve("--config", str(file), env={"THUNDER_CONFIG": "elsewhere"}).grpc_port == 1


def test_flags_are_written_in_several_ways() -> None:
    assert serve("--grpc-port=7").grpc_port == 7
    assert serve("--grpc-port", "7", "--grpc-port", "8").grpc_port == 8
    assert ingest("--kafka-sasl-user=-dash").kafka_sasl_user == "-dash"


def test_operands_stand_in_the_order_of_their_command() -> None:
    given = gather(["5", "1,2"], {}, (FollowListSettings, FollowEditSettings), FollowEditSettings)
    assert (given["viewer"].value, given["targets"].value) == ("5", "1,2")


def test_switches_are_turned_on_and_off() -> None:
    assert serve("--reflection").reflection
    assert not serve("--no-reflection", env={"THUNDER_REFLECTION": "true"}).reflection
    assert not serve("--reflection=false").reflection
    assert serve(env={"THUNDER_REFLECTION": "1", "THUNDER_ADDRESS": "host:1"}).reflection


def test_variables_of_the_guide() -> None:
    login = {
        "KAFKA_BROKERS": "kafka:9092",
        "KAFKA_SASL_USER": "u",
        "SASL_PASSWORD": "old",
        "KAFKA_PRODUCER_SASL_USER": "v",
        "PRODUCER_SASL_PASSWORD": "q",
    }
    settings = ingest("--sasl-mechanism", "PLAIN", env=login)
    consumer, producer = settings.consumer_connection, settings.producer_connection
    assert (consumer.brokers, consumer.user, producer.user) == ("kafka:9092", "u", "v")
    assert consumer.password is not None
    assert consumer.password.get_secret_value() == "old"
    assert producer.password is not None
    assert producer.password.get_secret_value() == "q"
    newer = ingest("--sasl-mechanism", "PLAIN", env=login | {"KAFKA_SASL_PASSWORD": "new"})
    assert newer.kafka_sasl_password is not None
    assert newer.kafka_sasl_password.get_secret_value() == "new"


class ShowSettings(Settings):
    """thunder show: a role with a setting whose name no model can have."""

    as_json: Annotated[bool, Field(alias="json", description="for programs")] = False


def test_a_setting_goes_by_its_alias_everywhere(file: Path) -> None:
    file.write_text("json = true")
    for arguments, env in (["--json"], {}), ([], {"THUNDER_JSON": "true"}), (["--config", str(file)], {}):
        assert check(ShowSettings, gather(arguments, env, (ShowSettings,))).as_json
    with pytest.raises(ConfigurationError, match="THUNDER_JSON: should be a valid boolean"):
        check(ShowSettings, gather([], {"THUNDER_JSON": "perhaps"}, (ShowSettings,)))


class PrefixedSettings(Settings):
    """thunder prefixed: a role with a setting of its own and one that others have too."""

    environment_prefix: ClassVar[str] = "ODD_"
    had_no_prefix: ClassVar[bool] = True

    count: int = 0


class MixedSettings(ProcessSettings, PrefixedSettings):
    """thunder mixed: the prefix is that of the class which declares the setting."""


def mixed(env: dict[str, str], *arguments: str) -> tuple[int, int]:
    settings = check(MixedSettings, gather(arguments, env, (MixedSettings,)))
    return settings.count, settings.http_port


def test_a_prefix_belongs_to_the_environment_only(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_text("count = 3")
    assert mixed({"THUNDER_ODD_COUNT": "1", "THUNDER_HTTP_PORT": "2"}) == (1, 2)
    assert mixed({}, "--count", "4", "--config", str(file)) == (4, 8080)
    assert mixed({}, "--config", str(file)) == (3, 8080)
    assert not caplog.records


def test_a_former_variable_works_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert mixed({"THUNDER_COUNT": "1"}) == (1, 8080)
    assert [record.message for record in caplog.records] == [
        "THUNDER_COUNT is deprecated: set THUNDER_ODD_COUNT instead"
    ]


def test_a_prefixed_variable_wins_over_its_former_name() -> None:
    assert mixed({"THUNDER_COUNT": "1", "THUNDER_ODD_COUNT": "2"}) == (2, 8080)


def test_a_former_variable_is_never_suggested() -> None:
    with pytest.raises(ConfigurationError, match=r"THUNDER_COUNTS: no such setting; did you mean THUNDER_ODD_COUNT\?"):
        mixed({"THUNDER_COUNTS": "1"})


class EvenSettings(ProcessSettings):
    """thunder even: a role with a setting of the same name."""

    environment_prefix: ClassVar[str] = "EVEN_"

    count: bool = False


def test_settings_of_one_name_in_two_roles_are_kept_apart(caplog: pytest.LogCaptureFixture) -> None:
    roles = (MixedSettings, EvenSettings)
    env = {"THUNDER_ODD_COUNT": "5", "THUNDER_EVEN_COUNT": "true", "THUNDER_HTTP_PORT": "2"}
    odd = check(MixedSettings, gather([], env, roles, MixedSettings))
    even = check(EvenSettings, gather([], env, roles, EvenSettings))
    assert (odd.count, odd.http_port, even.count, even.http_port) == (5, 2, True, 2)

    assert check(EvenSettings, gather(["--count"], {"THUNDER_ODD_COUNT": "5"}, roles, EvenSettings)).count
    assert not check(EvenSettings, gather([], {"THUNDER_COUNT": "5"}, roles, EvenSettings)).count
    assert not caplog.records


def test_settings_of_what_cannot_be_loaded_are_passed_over(file: Path) -> None:
    env = {"THUNDER_LOST_TOKEN": "t", "THUNDER_HTTP_PORT": "2"}
    file.write_text("token = 1\nlog_level = 'debug'\n")
    with pytest.raises(ConfigurationError, match="THUNDER_LOST_TOKEN: no such setting"):
        gather([], env, (MixedSettings,), MixedSettings)
    with pytest.raises(ConfigurationError, match="token: no such setting"):
        gather(["--config", str(file)], {}, (MixedSettings,), MixedSettings)

    given = gather(["--config", str(file)], env, (MixedSettings,), MixedSettings, ["LOST_"])
    assert given.keys() == {"http_port", "log_level"}


def test_an_empty_variable_is_unset() -> None:
    assert serve(env={"THUNDER_GRPC_PORT": ""}).grpc_port == 50051


def test_settings_of_other_roles_are_ignored(file: Path) -> None:
    file.write_text('kafka_group_id = "g"')
    assert serve("--config", str(file), env={"THUNDER_KAFKA_NUM_THREADS": "0"}).grpc_port == 50051


def test_a_flag_of_another_role_is_refused() -> None:
    assert refusal("--kafka-group-id", "g") == "--kafka-group-id: thunder serve has no such setting"


def test_unknown_names_are_refused_with_a_suggestion(file: Path) -> None:
    file.write_text("grcp_port = 1")
    assert refusal("--grcp-port", "1") == "--grcp-port: no such flag; did you mean --grpc-port?"
    assert refusal("--no-reflections") == "--no-reflections: no such flag; did you mean --no-reflection?"
    assert refusal(env={"THUNDER_GRCP_PORT": "1"}) == (
        "THUNDER_GRCP_PORT: no such setting; did you mean THUNDER_GRPC_PORT?"
    )
    assert refusal("--config", str(file)) == f"{file}: grcp_port: no such setting; did you mean grpc_port?"
    assert refusal("--xyzzy") == "--xyzzy: no such flag"


def test_what_kubernetes_sets_for_a_service_is_no_setting() -> None:
    links = {
        "THUNDER_SERVICE_HOST": "10.0.0.1",
        "THUNDER_SERVICE_PORT": "50051",
        "THUNDER_SERVE_SERVICE_PORT_GRPC": "50051",
        "THUNDER_PORT": "tcp://10.0.0.1:50051",
        "THUNDER_SERVE_PORT_50051_TCP_ADDR": "10.0.0.1",
        "THUNDER_SERVE_PORT_50051_TCP": "tcp://10.0.0.1:50051",
    }
    assert serve(env=links).grpc_port == 50051
    assert "THUNDER_GPRC_PORT" in refusal(env=links | {"THUNDER_GPRC_PORT": "50051"})


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    assert refusal("--config", str(file)) == f"{file}: No such file or directory"
    file.write_text("grpc_port: 1")
    assert refusal("--config", str(file)).startswith(f"{file}: not a TOML file: ")


def test_a_missing_setting_is_named_in_every_source() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(IngestSettings, {})
    assert str(caught.value) == "--kafka-group-id is required (or THUNDER_KAFKA_GROUP_ID)"


def test_a_wrong_value_is_named_with_its_limit_and_shape(file: Path) -> None:
    file.write_text("http_host = 5")
    env = {"THUNDER_CONFIG": str(file), "THUNDER_LOG_FORMAT": "x"}
    complaints = refusal("--grpc-port", "70000", "--log-level=loud", env=env)
    assert set(complaints.splitlines()) == {
        "--grpc-port: should be less than or equal to 65535, not a 5-digit number",
        "--log-level: should be 'debug', 'info', 'warning' or 'error', not text of 4 characters",
        "THUNDER_LOG_FORMAT: should be 'text' or 'json', not text of 1 characters",
        f"{file}: http_host: should be a valid string, not a 1-digit number",
    }


@pytest.mark.parametrize("arguments", [["--grpc-port"], ["--grpc-port", "--reflection"]])
def test_a_flag_without_its_value_is_refused(arguments: list[str]) -> None:
    assert refusal(*arguments) == "--grpc-port: a value must follow"


@pytest.mark.parametrize(
    "arguments",
    [
        [SECRET],
        ["--grpc-port", SECRET],
        ["--redis-url", f"http://:{SECRET}@redis"],
        ["--kafka-sasl-pasword", SECRET],
        [f"--kafka-sasl-pasword={SECRET}"],
        ["--kafka-sasl-password", SECRET],
        ["--log-format", SECRET],
        [f"-p{SECRET}"],
        [f"--{SECRET}!"],
    ],
)
def test_no_complaint_quotes_a_secret(arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        serve(*arguments)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or SECRET not in str(caught.value.__context__)


def test_settings_do_not_show_their_secrets() -> None:
    env = {
        "KAFKA_SASL_USER": "u",
        "KAFKA_SASL_PASSWORD": SECRET,
        "KAFKA_PRODUCER_SASL_PASSWORD": SECRET,
        "THUNDER_REDIS_URL": f"redis://:{SECRET}@redis:6379",
    }
    settings = ingest("--sasl-mechanism", "PLAIN", env=env)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.producer_connection)):
        assert SECRET not in shown


def test_a_secret_may_stand_in_a_file_that_a_variable_names(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{SECRET}\n")
    for variable in ("THUNDER_KAFKA_SASL_PASSWORD_FILE", "KAFKA_SASL_PASSWORD_FILE", "SASL_PASSWORD_FILE"):
        password = ingest(env={variable: str(secret)}).kafka_sasl_password
        assert password is not None
        assert password.get_secret_value() == SECRET


def test_a_variable_wins_over_the_one_that_names_a_file(tmp_path: Path) -> None:
    env = {"THUNDER_REDIS_URL": "redis://here", "THUNDER_REDIS_URL_FILE": str(tmp_path / "nowhere")}
    assert serve(env=env).redis_url.get_secret_value() == "redis://here"


def test_an_unreadable_file_of_a_secret_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    assert refusal(env={"THUNDER_REDIS_URL_FILE": str(missing)}) == (
        f"THUNDER_REDIS_URL_FILE: {missing}: No such file or directory"
    )


def test_what_is_no_secret_has_no_such_variable(tmp_path: Path) -> None:
    assert "THUNDER_GRPC_PORT_FILE: no such setting" in refusal(env={"THUNDER_GRPC_PORT_FILE": str(tmp_path)})

import pytest
from pydantic import ValidationError

from common.settings.combined import CombinedSettings, ModeSettings
from common.settings.ingest import TransformSettings
from common.settings.schema import settings_of
from common.settings.serve import ServeSettings
from common.settings.types import Settings


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ServeSettings().grpc_port = 1  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("role", [ModeSettings, TransformSettings, CombinedSettings])
def test_every_setting_says_what_it_is(role: type[Settings]) -> None:
    assert all(setting.description and setting.group for setting in settings_of(role))

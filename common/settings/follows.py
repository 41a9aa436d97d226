"""Settings of `thunder follows`."""

from typing import Annotated

from pydantic import Field

from common.settings.ingest import WriteSettings
from common.settings.redis import StoreSettings
from common.settings.types import Settings


class ResultSettings(Settings):
    """Result"""

    as_json: Annotated[bool, Field(alias="json", description="print one JSON object")] = False


class FollowSettings(StoreSettings, WriteSettings, ResultSettings):
    """thunder follows ACTION ...: whom viewers follow, read and written straight in Redis."""

"""Settings of `thunder` without a command: the role that it runs, and ingest and serve in one process."""

from typing import Annotated

from pydantic import Field, field_validator

from common.settings.ingest import EventsSource, IngestSettings
from common.settings.serve import ServeSettings
from common.settings.types import Settings


class CombinedSettings(ServeSettings, IngestSettings):
    """thunder --is-serving: ingest and serve in one process."""

    @field_validator("events")
    @classmethod
    def _are_posts(cls, events: EventsSource) -> EventsSource:
        if events is EventsSource.FOLLOWS:
            raise ValueError("must be refined or raw: run thunder ingest to read follows")
        return events


class ModeSettings(Settings):
    """thunder: without a command."""

    is_serving: Annotated[bool, Field(description="run ingest and serve in one process instead of the transformer")] = (
        False
    )

"""Settings of ingest for tests of the families that they are made of."""

import pytest
from pydantic import ValidationError

from common.settings.ingest import IngestSettings


def ingest(**given: object) -> IngestSettings:
    return IngestSettings.model_validate({"kafka_group_id": "g"} | given)


def refusal(**given: object) -> str:
    with pytest.raises(ValidationError) as caught:
        ingest(**given)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")

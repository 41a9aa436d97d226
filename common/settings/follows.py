"""Settings and operands of `thunder follows`."""

from typing import Annotated

from pydantic import Field

from common.ids import MAX_ID
from common.settings.redis import StoreSettings
from common.settings.types import CommandOptions, CommaSeparated, Digits, Operand, Settings, Text

_Id = Annotated[int, Field(ge=1, le=MAX_ID), Digits]


class ResultSettings(Settings):
    """Output"""

    as_json: Annotated[bool, Field(alias="json", description="print the result as one JSON object")] = False


class FollowSettings(StoreSettings, ResultSettings):
    """thunder follows: reads and writes follow lists directly in Redis."""


class ViewerOperand(CommandOptions):
    """Arguments"""

    viewer: Annotated[_Id, Field(description="id of the viewer who has the follow list"), Operand("VIEWER")]


class TargetsOperand(CommandOptions):
    """Arguments"""

    targets: Annotated[
        tuple[_Id, ...],
        Field(description="ids of the people who are followed, separated by commas"),
        CommaSeparated,
        Operand("ID,ID,..."),
    ]


class FollowFileOperand(CommandOptions):
    """Arguments"""

    path: Annotated[
        Text,
        Field(description="file with a follow on each line: viewer,target[,at] or a FollowEvent in JSON; - = a pipe"),
        Operand("FILE"),
    ]


class FollowListSettings(FollowSettings, ViewerOperand):
    """thunder follows: one list."""


class FollowEditSettings(FollowSettings, TargetsOperand, ViewerOperand):
    """thunder follows: a change of one list."""


class FollowImportSettings(FollowSettings, FollowFileOperand):
    """thunder follows: many lists, from a file."""

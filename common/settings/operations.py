"""Settings and options of the commands of operators: dead letters, replays, the status at one glance."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from common.settings.follows import ResultSettings
from common.settings.kafka import DeadLetterSettings, KafkaConnectionSettings, TopicSettings
from common.settings.redis import StoreSettings
from common.settings.types import CommandOptions, CommaSeparated, DefaultInWords, Digits, Operand, Span, Text, Unit

_RANGE = re.compile(r"(\d{1,19})(?:-(\d{0,19}))?", re.ASCII)
_NO_END = 2**63 - 1


def _ranges(value: object) -> object:
    """Read 5, 5-9, 5- (to the end), or several with commas between."""
    if not isinstance(value, str):
        return value
    found = [_RANGE.fullmatch(part.strip()) for part in value.split(",")]
    if None in found:
        raise ValueError("should be numbers and ranges such as 5, 5-9 or 5-, with commas between")
    ends = [(match[1], match[1] if match[2] is None else match[2] or str(_NO_END)) for match in found if match]
    return [(int(first), int(last)) for first, last in ends]


_Ranges = Annotated[tuple[tuple[int, int], ...], BeforeValidator(_ranges), Unit("N,N-N,...")]
_Age = Annotated[int | None, Span, Unit("SPAN")]
_Names = Annotated[tuple[str, ...], CommaSeparated, Unit("NAME,NAME,...")]


class LetterFilterOptions(CommandOptions):
    """Selection of dead letters"""

    letters: Annotated[
        _Ranges,
        Field(description="numbers of the letters, which are their offsets in the dead-letter topic"),
        DefaultInWords("all"),
    ] = ()
    from_topic: Annotated[_Names, Field(description="topics that the messages came from"), DefaultInWords("all")] = ()
    from_partition: Annotated[
        _Ranges, Field(description="partitions that the messages came from"), DefaultInWords("all")
    ] = ()
    from_offsets: Annotated[
        _Ranges, Field(description="offsets that the messages had there"), DefaultInWords("all")
    ] = ()
    reason: Annotated[
        _Names, Field(description="reasons why the messages are bad, such as bad_wire"), DefaultInWords("all")
    ] = ()
    since: Annotated[
        _Age,
        Field(description="only letters written within this last span of time, such as 90s, 5m, 2h or 1d"),
        DefaultInWords("all"),
    ] = None
    until: Annotated[
        _Age, Field(description="only letters that are older than this span of time"), DefaultInWords("all")
    ] = None


class LetterSettings(KafkaConnectionSettings, DeadLetterSettings, ResultSettings):
    """thunder dead-letters: bad messages, as workers set them aside."""


class LetterListSettings(LetterSettings, LetterFilterOptions):
    """thunder dead-letters list: a line for each."""


class LetterOperand(CommandOptions):
    """Arguments"""

    letter: Annotated[
        int,
        Field(ge=0, description="number of the letter, as `thunder dead-letters list` shows it"),
        Digits,
        Operand("NUMBER"),
    ]


class LetterShowSettings(LetterSettings, LetterOperand):
    """thunder dead-letters show: one with its content."""


class LetterReplayOptions(CommandOptions):
    """Replay"""

    dry_run: Annotated[bool, Field(description="say what would be sent, and send nothing")] = False
    repair: Annotated[
        Text | None,
        Field(
            description="command that gets each message on its input and writes the repaired one to its output; one "
            "that it ends with an exit code above 0 is refused"
        ),
        Unit("COMMAND"),
    ] = None


class LetterReplaySettings(LetterSettings, LetterReplayOptions, LetterFilterOptions):
    """thunder dead-letters replay: sends messages back to where they came from."""


class GroupReplayOptions(CommandOptions):
    """Replay"""

    group: Annotated[Text, Field(description="consumer group whose commits are moved back"), Unit("NAME")]
    since: Annotated[
        int, Span, Field(ge=1, description="span of time to read again, such as 90s, 5m, 2h or 1d"), Unit("SPAN")
    ]
    wait: Annotated[bool, Field(description="wait until the group has no members, instead of refusing")] = False
    dry_run: Annotated[bool, Field(description="say what would be moved, and move nothing")] = False


class GroupReplaySettings(KafkaConnectionSettings, TopicSettings, ResultSettings, GroupReplayOptions):
    """thunder replay: moves a consumer group back."""


class StatusSettings(StoreSettings, KafkaConnectionSettings, TopicSettings, DeadLetterSettings, ResultSettings):
    """thunder status: everything at one glance."""

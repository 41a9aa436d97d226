"""Exit codes of commands, and their meanings."""

from enum import IntEnum

from common.errors import ConfigurationError, KafkaRefused, StoreMismatch, ThunderError, TooManyBadMessages


class ExitCode(IntEnum):
    """0 is success. A restart may help after 1; 2 and 3 need a person."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    REFUSED = 3
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.DONE: "done, or stopped as asked",
    ExitCode.FAILED: "failed; trying again may help",
    ExitCode.WRONG_USAGE: "wrong flag, variable or setting",
    ExitCode.REFUSED: "refused by Kafka or Redis, or nearly every message is bad",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
}


def exit_code_of(error: ThunderError) -> ExitCode:
    """The code for a command that ends with this error."""
    match error:
        case KafkaRefused() | StoreMismatch() | TooManyBadMessages():
            return ExitCode.REFUSED
        case ConfigurationError():
            return ExitCode.WRONG_USAGE
        case _:
            return ExitCode.FAILED

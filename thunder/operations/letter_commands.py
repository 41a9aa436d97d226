"""`thunder dead-letters list|show|replay`: reads the dead-letter topic up to its end of that moment."""

import json
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager

from rich.console import Console
from rich.progress import Progress

from common.errors import ConfigurationError, ThunderError
from common.kafka.cluster import KafkaCluster
from common.kafka.topics import Edge, PartitionAddress
from common.settings.operations import LetterListSettings, LetterReplaySettings, LetterSettings, LetterShowSettings
from thunder.cli.exit_codes import ExitCode
from thunder.operations.letter_replay import LetterReplay, Repair, ReplayCounts
from thunder.operations.letters import Letter, is_asked_for, letter_as_json, letter_line, letter_lines, parse_letter

_TIMEOUT_SECONDS = 30.0


def list_letters(settings: LetterListSettings) -> int:
    """Run `thunder dead-letters list`; the exit code. Raises ThunderError."""
    now, reasons, found = time.time(), dict[str, int](), list[dict[str, object]]()
    for letter in _letters(settings, *_numbers(settings)):
        if not is_asked_for(letter, settings, now):
            continue
        reasons[letter.reason] = reasons.get(letter.reason, 0) + 1
        if settings.as_json:
            found.append(letter_as_json(letter))
        else:
            print(letter_line(letter))
    counts = ", ".join(f"{reason} {count:,}" for reason, count in sorted(reasons.items()))
    if settings.as_json:
        print(json.dumps({"topic": settings.dead_letter_topic, "reasons": reasons, "dead_letters": found}))
    else:
        print(f"{sum(reasons.values()):,} dead letters{f': {counts}' if counts else ''}")
    return ExitCode.DONE


def show_letter(settings: LetterShowSettings) -> int:
    """Run `thunder dead-letters show`; the exit code. Raises ThunderError."""
    for letter in _letters(settings, settings.letter, settings.letter):
        print(json.dumps(letter_as_json(letter)) if settings.as_json else "\n".join(letter_lines(letter)))
        return ExitCode.DONE
    raise ConfigurationError(f"{settings.dead_letter_topic} has no dead letter {settings.letter}")


def replay_letters(settings: LetterReplaySettings) -> int:
    """Run `thunder dead-letters replay`; the exit code: REFUSED when a letter could not be replayed. ThunderError."""
    now, repair = time.time(), Repair(settings.repair) if settings.repair else None
    topics = KafkaCluster(settings.consumer_connection).wait_for_brokers(seconds=_TIMEOUT_SECONDS) or {}
    replay = LetterReplay(settings.consumer_connection, topics, repair, dry_run=settings.dry_run)
    try:
        with closing(replay), _bar() as bar:
            task = bar.add_task("dead letters", total=None)
            for letter in _letters(settings, *_numbers(settings)):
                if is_asked_for(letter, settings, now):
                    outcome = replay.take(letter)
                    if not settings.as_json:
                        print(f"{letter.number:>8}  {letter.origin}  {outcome}")
                bar.update(task, advance=1, description=f"{replay.counts.sent:,} sent")
            replay.finish()
    except ThunderError:
        _print_counts(settings, replay.counts, "ended early: ")
        raise
    _print_counts(settings, replay.counts)
    return ExitCode.REFUSED if replay.counts.refused else ExitCode.DONE


def _print_counts(settings: LetterReplaySettings, counts: ReplayCounts, beginning: str = "") -> None:
    if settings.as_json:
        print(json.dumps({"dry_run": settings.dry_run, **counts.as_json()}))
    else:
        print(beginning + counts.in_words(dry_run=settings.dry_run))


def _numbers(options: LetterListSettings | LetterReplaySettings) -> tuple[int, int | None]:
    """The first and the last number that can be asked for."""
    if not options.letters:
        return 0, None
    return min(first for first, _ in options.letters), max(last for _, last in options.letters)


def _letters(settings: LetterSettings, first: int, last: int | None) -> Iterator[Letter]:
    """Letters from the first number to the last one, as far as the topic holds them now. Others are named on stderr."""
    cluster, strange = KafkaCluster(settings.producer_connection), 0
    topics = cluster.wait_for_brokers(seconds=_TIMEOUT_SECONDS) or {}
    if settings.dead_letter_topic not in topics:
        raise ConfigurationError(f"topic {settings.dead_letter_topic} does not exist: no message was ever set aside")
    for partition in range(topics[settings.dead_letter_topic]):
        place = PartitionAddress(settings.dead_letter_topic, partition)
        oldest = cluster.offset_of(place, Edge.BEGINNING, _TIMEOUT_SECONDS)
        with cluster.reader_of(place, max(first, oldest), _TIMEOUT_SECONDS) as records:
            for record in records:
                if last is not None and record.offset > last:
                    break
                letter = parse_letter(record)
                strange += letter is None
                if letter is not None:
                    yield letter
    if strange:
        print(f"{strange:,} messages of {settings.dead_letter_topic} are no dead letters: left out", file=sys.stderr)


@contextmanager
def _bar() -> Generator[Progress]:
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal or console.is_dumb_terminal)
    with bar:
        yield bar

"""The command line of the demo, and the feed that it asks for."""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from common.settings.redis import RetentionSettings
from thunder.demo.event_feed import Feed
from thunder.demo.recording.playback import open_recording, playback
from thunder.demo.synthetic.feed import synthetic_feed

_DESCRIPTION = """\
The whole path on this machine: an embedded Kafka and Redis, a transformer, an ingest worker and a gRPC server, fed with
a made-up network or with real events. A viewer's timeline is shown until Ctrl-C; nothing is left behind.
"""


class Options(NamedTuple):
    """What the demo is asked to do. A port of 0 is any free one."""

    events: Path | None
    once: bool
    json: bool
    empty: bool
    grpc_port: int
    http_port: int
    seed: int


def read_options(arguments: Sequence[str]) -> Options:
    """From the command line; ends the process when it is wrong or asks for help."""
    parser = argparse.ArgumentParser(
        prog="thunder demo",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--events",
        type=Path,
        metavar="FILE",
        help="real events, a JSON object a line: InNetworkEvents, or a recording of Bluesky's Jetstream",
    )
    what.add_argument("--empty", action="store_true", help="start everything, feed nothing, print where it is")
    parser.add_argument("--once", action="store_true", help="end after the first answer")
    parser.add_argument("--json", action="store_true", help="print JSON objects, one a line")
    parser.add_argument("--grpc-port", type=_port, default=0, metavar="PORT", help="default: any free one")
    parser.add_argument("--http-port", type=_port, default=0, metavar="PORT", help="default: any free one")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="another number, another network (default: 7)")
    options = Options(**vars(parser.parse_args(arguments)))
    if options.empty and options.once:
        parser.error("--once waits for an answer, which --empty never asks for")
    return options


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


Source = Callable[[float], Feed]
"""Makes a feed that leads up to a time, in Unix seconds."""


def open_source(options: Options) -> Source:
    """The file of the options, read now, or else a made-up network. Raises ConfigurationError. Blocks."""
    if options.events is None:
        return partial(synthetic_feed, options.seed)
    recording, name = open_recording(options.events), options.events.name
    retention_seconds = RetentionSettings().post_retention_seconds
    return lambda now: playback(recording, name, int(now), retention_seconds)

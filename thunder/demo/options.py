"""The command line of the demo."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

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

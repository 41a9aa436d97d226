"""`thunder query`: asks a server for a timeline and shows it. A client for people."""

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from common.errors import ConfigurationError
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.telemetry.tracing import configure_tracing
from thunder.cli.exit_codes import ExitCode
from thunder.cli.text import in_words
from thunder.cli.timeline_output import answer_as_json, newest_age, plain_line, timeline_entries, timeline_table
from thunder.client import Credentials, PostsClient, TimedAnswer

_MAX_UINT64 = 2**64 - 1
_MAX_UINT32 = 2**32 - 1


def main(arguments: Sequence[str]) -> int:
    """Ask once, print the answer, return the exit code. Raises AskFailed, ConfigurationError."""
    options = _parser().parse_args(arguments)
    configure_tracing("thunder-query", os.environ)
    request = GetInNetworkPostsRequest(
        user_id=options.user,
        following_user_ids=options.following,
        exclude_tweet_ids=options.exclude,
        max_results=options.max_results,
        is_video_request=options.video,
    )
    with _client(options) as client:
        answer = client.ask(request, options.timeout)
    if options.json:
        print(json.dumps(answer_as_json(answer, str, time.time())))
    else:
        _show(answer)
    return ExitCode.DONE


def _client(options: argparse.Namespace) -> PostsClient:
    try:
        token = options.token_file.read_text().strip() if options.token_file else None
        return PostsClient(options.address, Credentials(options.ca, options.certificate, options.key, token))
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}") from error


def _show(answer: TimedAnswer) -> None:
    now = time.time()
    console = Console(highlight=False)
    lines = timeline_entries(answer.response.posts, str, now)
    if console.is_terminal and lines:
        console.print(timeline_table(lines, with_ids=True))
    elif lines:
        print("\n".join(f"{entry.post_id:>19}  {plain_line(entry)}" for entry in lines))
    age = newest_age(answer.response, now)
    newest = "no posts" if age is None else f"{len(lines):,} posts, the newest {in_words(age)} old"
    partial = ", cut short: the server could not read everything in time" if answer.response.partial else ""
    console.print(f"{newest}{partial}; answered in {answer.seconds * 1000:.1f} ms")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="thunder query",
        description="Ask a server for the posts of the people somebody follows, the newest first.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--following", type=_ids, default=(), metavar="ID,ID,...", help="authors to read (default: none)"
    )
    parser.add_argument("--user", type=_id, default=0, metavar="ID", help="who asks (default: nobody in particular)")
    parser.add_argument("--exclude", type=_ids, default=(), metavar="ID,ID,...", help="posts seen already")
    parser.add_argument("--max-results", type=_count, default=0, metavar="N", help="posts (default: the server's)")
    parser.add_argument("--video", action="store_true", help="videos only")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--address", default="localhost:50051", metavar="HOST:PORT", help="default: localhost:50051")
    tls = parser.add_argument_group("a server that is encrypted or asks who calls (files are PEM)")
    tls.add_argument("--ca", type=Path, metavar="FILE", help="who signs the server (default: no encryption)")
    tls.add_argument("--certificate", type=Path, metavar="FILE", help="our certificate")
    tls.add_argument("--key", type=Path, metavar="FILE", help="its key")
    tls.add_argument("--token-file", type=Path, metavar="FILE", help="bearer token")
    parser.add_argument("--timeout", type=_seconds, default=10.0, metavar="SECONDS", help="default: 10")
    return parser


def _ids(text: str) -> tuple[int, ...]:
    return tuple(_id(part) for part in text.split(",") if part.strip())


def _id(text: str) -> int:
    return _whole_number(text, _MAX_UINT64, "an id")


def _count(text: str) -> int:
    return _whole_number(text, _MAX_UINT32, "a number of posts")


def _whole_number(text: str, largest: int, what: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20 and int(digits) <= largest):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return int(digits)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds

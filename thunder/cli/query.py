"""`thunder query`: asks a server for a timeline and shows it."""

import json
import os
import time
from pathlib import Path
from typing import Annotated

from pydantic import Field
from rich.console import Console

from common.errors import ConfigurationError
from common.settings.types import CommandOptions, CommaSeparated, DefaultInWords, Digits, Text, Unit
from common.telemetry.tracing import configure_tracing
from thunder.cli.exit_codes import ExitCode
from thunder.cli.text import in_words
from thunder.cli.timeline_output import (
    WIDTH_WITH_IDS,
    answer_as_json,
    newest_age,
    plain_line,
    timeline_entries,
    timeline_table,
)
from thunder.client import Credentials, PostsClient, TimedAnswer
from thunder_client.messages import GetInNetworkPostsRequest

_Id = Annotated[int, Field(ge=0, le=2**64 - 1), Digits]
_Ids = Annotated[tuple[_Id, ...], CommaSeparated, Unit("ID,ID,...")]


class RequestOptions(CommandOptions):
    """Request"""

    following: Annotated[
        _Ids,
        Field(description="ids of the authors to read, separated by commas"),
        DefaultInWords("the viewer's follow list, if the server has a follow store"),
    ] = ()
    user: Annotated[
        _Id, Field(description="id of the viewer who asks; 0 = no viewer"), Unit("ID"), DefaultInWords("0")
    ] = 0
    exclude: Annotated[
        _Ids, Field(description="ids of posts to leave out, separated by commas"), DefaultInWords("none")
    ] = ()
    max_results: Annotated[
        int,
        Field(ge=0, le=2**32 - 1, description="largest number of posts in the answer"),
        Digits,
        Unit("posts"),
        DefaultInWords("the server's default"),
    ] = 0
    video: Annotated[bool, Field(description="ask for videos only")] = False


class ServerOptions(CommandOptions):
    """Server"""

    address: Annotated[Text, Field(description="address of the server"), Unit("HOST:PORT")] = "localhost:50051"
    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False, description="time limit for the answer"), Unit("s")] = (
        10.0
    )
    ca: Annotated[
        Path | None,
        Field(description="PEM file with the authorities that sign the server's certificate"),
        Unit("FILE"),
        DefaultInWords("no encryption"),
    ] = None
    certificate: Annotated[
        Path | None, Field(description="PEM file with the certificate of this client (mutual TLS)"), Unit("FILE")
    ] = None
    key: Annotated[Path | None, Field(description="PEM file with the key of that certificate"), Unit("FILE")] = None
    token_file: Annotated[Path | None, Field(description="file with the bearer token to send along"), Unit("FILE")] = (
        None
    )


class OutputOptions(CommandOptions):
    """Output"""

    as_json: Annotated[bool, Field(alias="json", description="print the answer as one JSON object")] = False


class QueryOptions(OutputOptions, ServerOptions, RequestOptions):
    """thunder query: asks a server for a timeline."""


def run_query(options: QueryOptions) -> int:
    """Ask once, print the answer, return the exit code. Raises AskFailed, ConfigurationError."""
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
    if options.as_json:
        print(json.dumps(answer_as_json(answer, str, time.time())))
    else:
        _show(answer)
    return ExitCode.DONE


def _client(options: QueryOptions) -> PostsClient:
    try:
        token = options.token_file.read_text().strip() if options.token_file else None
        return PostsClient(options.address, Credentials(options.ca, options.certificate, options.key, token))
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}") from error


def _show(answer: TimedAnswer) -> None:
    now = time.time()
    console = Console(highlight=False)
    lines = timeline_entries(answer.response.posts, str, now)
    if lines and console.is_terminal and console.width >= WIDTH_WITH_IDS:
        console.print(timeline_table(lines, console.width, with_ids=True))
    elif lines:
        print("\n".join(f"{entry.post_id:>19}  {plain_line(entry)}" for entry in lines))
    age = newest_age(answer.response, now)
    newest = "no posts" if age is None else f"{len(lines):,} posts, the newest {in_words(age)} old"
    partial = ", partial: the server could not read everything" if answer.response.partial else ""
    console.print(f"{newest}{partial}; answered in {answer.seconds * 1000:.1f} ms")

"""`thunder query`: asks a server for a timeline and shows it."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field
from rich.console import Console

from common.errors import ConfigurationError
from common.settings.sources import ADDRESS_VARIABLE
from common.settings.types import CommandOptions, CommaSeparated, DefaultInWords, Digits, Span, Text, Unit
from common.telemetry.tracing import configure_tracing
from thunder.cli.exit_codes import ExitCode
from thunder.cli.request_text import adjustment_texts, asked_text
from thunder.cli.text import in_words
from thunder.cli.timeline_output import (
    WIDTH_WITH_IDS,
    answer_as_json,
    newest_age,
    plain_line,
    rest_as_json,
    timeline_entries,
    timeline_table,
)
from thunder.client import Credentials, PostsClient, TimedAnswer
from thunder_client.messages import GetInNetworkPostsRequest, GetInNetworkPostsResponse, Position

DEFAULT_ADDRESS = "localhost:50051"

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
    since: Annotated[
        int,
        Span,
        Field(ge=0, le=2**32, description="ask only for posts of this last span of time, such as 90s, 5m, 2h or 1d"),
        Unit("SPAN"),
        DefaultInWords("the server's retention"),
    ] = 0
    before: Annotated[
        _Ids,
        Field(max_length=2, description="ask for posts older than this place: a time in Unix seconds and a post id"),
        Unit("TIME,ID"),
        DefaultInWords("the newest post"),
    ] = ()
    pages: Annotated[
        int,
        Field(ge=1, description="largest number of pages to read, of max-results posts each"),
        Digits,
        Unit("pages"),
    ] = 1
    exclude_authors: Annotated[
        _Ids,
        Field(description="ids of authors whose posts, and reposts of them, are left out, separated by commas"),
        DefaultInWords("none"),
    ] = ()
    exclude_replies: Annotated[bool, Field(description="leave out replies")] = False
    exclude_reposts: Annotated[bool, Field(description="leave out reposts")] = False


class ServerOptions(CommandOptions):
    """Server"""

    address: Annotated[
        Text | None,
        Field(description="address of the server"),
        Unit("HOST:PORT"),
        DefaultInWords(f"${ADDRESS_VARIABLE}, else {DEFAULT_ADDRESS}"),
    ] = None
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
    """Ask, print the answer, return the exit code. Raises AskFailed, ConfigurationError."""
    configure_tracing("thunder-query", os.environ)
    address = options.address or os.environ.get(ADDRESS_VARIABLE) or DEFAULT_ADDRESS
    request = request_of_options(options, int(time.time()))
    with _client(address, options) as client:
        answer = read_pages(client, request, options.timeout, options.pages)
    if options.as_json:
        print(json.dumps(answer_as_json(answer, str, time.time()) | rest_as_json(answer.response)))
    else:
        _show(request, address, answer)
    return ExitCode.DONE


def request_of_options(options: RequestOptions, now: int) -> GetInNetworkPostsRequest:
    """The request that the options describe, at a time in Unix seconds. ConfigurationError."""
    if len(options.before) == 1:
        raise ConfigurationError("--before needs a time and a post id: TIME,ID")
    place = options.before
    try:
        return GetInNetworkPostsRequest(
            user_id=options.user,
            following_user_ids=options.following,
            exclude_tweet_ids=options.exclude,
            max_results=options.max_results,
            is_video_request=options.video,
            created_after=max(1, now - options.since) if options.since else 0,
            before=Position(created_at=place[0], post_id=place[1]) if place else None,
            exclude_author_ids=options.exclude_authors,
            exclude_replies=options.exclude_replies,
            exclude_reposts=options.exclude_reposts,
        )
    except ValueError as error:
        raise ConfigurationError(f"--before: {error}") from error


def read_pages(client: PostsClient, request: GetInNetworkPostsRequest, timeout: float, pages: int) -> TimedAnswer:
    """The pages as one answer. It ends early where a page is partial: the next one would pass over posts."""
    asked, whole = GetInNetworkPostsRequest(), GetInNetworkPostsResponse()
    asked.CopyFrom(request)
    seconds = 0.0
    for number in range(pages):
        answer = client.ask(asked, timeout)
        seconds += answer.seconds
        page = answer.response
        whole.posts.extend(page.posts)
        whole.partial, whole.has_more = page.partial, page.has_more
        if number == 0:
            whole.adjustments.extend(page.adjustments)
        if page.partial or not page.has_more or not page.posts:
            break
        asked.before.CopyFrom(Position(created_at=page.posts[-1].created_at, post_id=page.posts[-1].post_id))
    return TimedAnswer(whole, seconds)


def _client(address: str, options: QueryOptions) -> PostsClient:
    try:
        token = options.token_file.read_text().strip() if options.token_file else None
        return PostsClient(address, Credentials(options.ca, options.certificate, options.key, token))
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}") from error


def _show(request: GetInNetworkPostsRequest, address: str, answer: TimedAnswer) -> None:
    now = time.time()
    console = Console(highlight=False)
    response = answer.response
    lines = timeline_entries(response.posts, str, now)
    if lines and console.is_terminal and console.width >= WIDTH_WITH_IDS:
        console.print(timeline_table(lines, console.width, with_ids=True))
    elif lines:
        print("\n".join(f"{entry.post_id:>19}  {plain_line(entry)}" for entry in lines))
    age = newest_age(response, now)
    found = "no posts" if age is None else f"{_count(lines)}, the newest {_old(age)}"
    partial = ", partial: the server could not read everything" if response.partial else ""
    print(f"{found}{partial}; answered in {answer.seconds * 1000:.1f} ms")
    for change in adjustment_texts(response.adjustments):
        print(f"the server changed the request: {change}")
    if not lines:
        print(f"asked {address} for {asked_text(request)}")
        print("`thunder doctor --role serve`, with the settings of the server, checks what it needs")
    elif response.has_more:
        last = response.posts[-1]
        print(f"there are older posts: --before {last.created_at},{last.post_id}")


def _count(lines: Sequence[object]) -> str:
    return "1 post" if len(lines) == 1 else f"{len(lines):,} posts"


def _old(age: float) -> str:
    return f"{in_words(age)} old" if age >= 1 else "just written"

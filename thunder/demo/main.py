"""The command `thunder demo`, from its arguments to the last process stopped."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from functools import partial

from rich.console import Console

from common.lifecycle import Stop, stop_on_signals
from thunder.cli.exit_codes import ExitCode
from thunder.demo.environment import Environment
from thunder.demo.event_feed import EventFeed
from thunder.demo.options import DemoOptions, FeedFactory, feed_factory
from thunder.demo.screens.lines import JsonScreen, PlainScreen
from thunder.demo.screens.screen import Screen
from thunder.demo.screens.terminal import TerminalScreen
from thunder.demo.session import Session
from thunder.demo.social_graph import write_social_graph
from thunder.demo.stage import FaultStage

_SECONDS_BETWEEN_CHECKS = 0.1


def run_demo(options: DemoOptions) -> int:
    """Runs the demo and returns the exit code. Raises ThunderError."""
    stop = Stop()
    stop_on_signals(stop)
    _stop_when_the_terminal_closes()
    feed_at = None if options.empty else feed_factory(options)
    with closing(_screen(options)) as screen:
        return _run(options, feed_at, screen, stop)


def _run(options: DemoOptions, feed_at: FeedFactory | None, screen: Screen, stop: Stop) -> ExitCode:
    screen.note("Thunder serves what the people you follow posted: ids, authors and times, not the texts")
    with Environment(options.grpc_port, options.http_port, options.redis, durable=options.kill) as environment:
        _note_addresses(environment, screen)
        if not environment.wait_until_ready(stop, screen.progress):
            code = _code_without_answer(options)
        elif feed_at is not None:
            code = _run_session(feed_at(time.time()), options, environment, screen, stop)
        else:
            screen.ready(environment.addresses)
            while not stop.wait(_SECONDS_BETWEEN_CHECKS):
                environment.check()
            code = ExitCode.DONE
        if stop.is_set():
            screen.note("Stopping")
    return code


def _run_session(
    feed: EventFeed, options: DemoOptions, environment: Environment, screen: Screen, stop: Stop
) -> ExitCode:
    for note in feed.notes:
        screen.note(note)
    write_social_graph(feed.social_graph, environment.addresses.redis, int(time.time()))
    if not options.once:
        _note_what_to_try(feed, environment, screen)
    with Session(environment, feed, screen, stop) as session:
        if not session.fill():
            return _code_without_answer(options)
        if options.kill:
            session.run(FaultStage(environment.victims(), screen.note, time.monotonic()))
        elif not options.once:
            session.run()
    return ExitCode.DONE


def _code_without_answer(options: DemoOptions) -> ExitCode:
    """The exit code when stopped before the first answer: a failure only of --once."""
    return ExitCode.FAILED if options.once else ExitCode.DONE


def _note_addresses(environment: Environment, screen: Screen) -> None:
    to = environment.addresses
    screen.note(f"Kafka {to.kafka} (embedded) → transform → ingest → {to.redis} ({environment.redis.binary})")
    screen.note(f"→ serve: gRPC {to.grpc}, metrics http://{to.http}/metrics, live page {to.page}")


def _note_what_to_try(feed: EventFeed, environment: Environment, screen: Screen) -> None:
    to, following = environment.addresses, ",".join(map(str, feed.viewer.following[:2]))
    thunder = own_command(os.environ)
    screen.note(f"Watch it in a browser: {to.page}#{feed.social_graph.viewer_id}")
    screen.note(f"Ask it yourself: {thunder} query --address {to.grpc} --following {following}")
    screen.note("Ctrl-C stops everything and leaves nothing behind")


def own_command(environment: Mapping[str, str]) -> str:
    """The words that run this program from another terminal in the same folder."""
    if "UV_RUN_RECURSION_DEPTH" in environment:  # `uv run` sets it
        return "uv run thunder" if shutil.which("uv", path=environment.get("PATH")) else "python3 -m uv run thunder"
    return "thunder" if shutil.which("thunder", path=environment.get("PATH")) else sys.argv[0]


def _screen(options: DemoOptions) -> Screen:
    if options.as_json:
        return JsonScreen(partial(print, flush=True), partial(print, file=sys.stderr))
    console = Console(highlight=False)
    if console.is_terminal and not console.is_dumb_terminal:
        return TerminalScreen(console)
    return PlainScreen(partial(print, flush=True))


def _stop_when_the_terminal_closes() -> None:
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))

"""The demo from the command line to the last process stopped."""

import signal
import sys
import time
from contextlib import closing
from functools import partial

from rich.console import Console

from common.lifecycle import Stop, stop_on_signals
from thunder.cli.exit_codes import ExitCode
from thunder.demo.environment import Environment
from thunder.demo.event_feed import Feed
from thunder.demo.options import DemoOptions, Source, open_source
from thunder.demo.screens.json_lines import JsonScreen
from thunder.demo.screens.plain import PlainScreen
from thunder.demo.screens.screen import Screen
from thunder.demo.screens.terminal import TerminalScreen
from thunder.demo.session import Session
from thunder.demo.social_graph import introduce

_SECONDS_BETWEEN_CHECKS = 0.1


def run_demo(options: DemoOptions) -> int:
    """Run the demo and return the exit code. Raises ThunderError."""
    stop = Stop()
    stop_on_signals(stop)
    _stop_when_the_terminal_closes()
    source = None if options.empty else open_source(options)
    with closing(_screen(options)) as screen:
        return _run(options, source, screen, stop)


def _run(options: DemoOptions, source: Source | None, screen: Screen, stop: Stop) -> ExitCode:
    screen.say("Thunder serves what the people you follow posted: ids, authors and times, not the texts")
    with Environment(options.grpc_port, options.http_port) as stage:
        _say_where(stage, screen)
        if not stage.wait_until_ready(stop, screen.wait):
            return _without_answer(options)
        if source is not None:
            return _perform(source(time.time()), options, stage, screen, stop)
        screen.ready(stage.addresses)
        while not stop.wait(_SECONDS_BETWEEN_CHECKS):
            stage.check()
        return ExitCode.DONE


def _perform(feed: Feed, options: DemoOptions, stage: Environment, screen: Screen, stop: Stop) -> ExitCode:
    for note in feed.notes:
        screen.say(note)
    introduce(feed.society, stage.addresses.redis, int(time.time()))
    if not options.once:
        screen.say(f"Watch it in a browser: {stage.addresses.page}#{feed.society.viewer_id}")
        some = ",".join(map(str, feed.viewer.following[:2]))
        screen.say(f"Ask it yourself: thunder query --address {stage.addresses.grpc} --following {some}")
        screen.say("Ctrl-C stops everything and leaves nothing behind")
    with Session(stage, feed, screen, stop) as show:
        if not show.begin():
            return _without_answer(options)
        if not options.once:
            show.go_on()
    return ExitCode.DONE


def _without_answer(options: DemoOptions) -> ExitCode:
    """Stopped early: whoever wanted one answer does not have it."""
    return ExitCode.FAILED if options.once else ExitCode.DONE


def _say_where(stage: Environment, screen: Screen) -> None:
    where = stage.addresses
    screen.say(f"Kafka {where.kafka} (embedded) → transform → ingest → {where.redis} ({stage.redis.binary})")
    screen.say(f"→ serve: gRPC {where.grpc}, metrics http://{where.http}/metrics, live page {where.page}")


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

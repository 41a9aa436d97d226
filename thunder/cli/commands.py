"""The commands of `thunder`: their words, their settings and what runs them, imported only when needed."""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from functools import cached_property
from pkgutil import resolve_name
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from ingest.sources.catalogue import Catalogue, SourceKind


class Runner(Enum):
    """Kind of a command: the form of its arguments, and the place for its errors."""

    TOOL = auto()
    """Checked settings; an error is a line on stderr."""
    ROLE = auto()
    """Checked settings; an error of the running role is in its log."""
    WRAPPER = auto()
    """Arguments as they are: it has options of its own and passes the others on."""


class Command(NamedTuple):
    """A command; run (module:function) returns the exit code.

    settings (module:class): those of roles and those in common.settings also come from the environment and a file,
    which commands share; options that stand beside their command come from the command line alone. flaw: why it cannot
    be run, empty if it can. origin: another distribution that brings it.
    """

    summary: str
    settings: str
    run: str
    runner: Runner = Runner.TOOL
    note: str = ""
    flaw: str = ""
    origin: str = ""

    @property
    def shares_settings(self) -> bool:
        """Whether its settings may stand in an environment or a file that other commands read too."""
        return self.runner is Runner.ROLE or self.settings.startswith("common.settings.")


class CommandGroup(NamedTuple):
    """A word that needs another word after it."""

    summary: str
    commands: Mapping[str, "Entry"]
    note: str = ""


Entry: TypeAlias = Command | CommandGroup


_FOLLOWS_NOTE = """\
A server with --follow-store takes the viewer's follow list when a request brings none. These commands write directly to
Redis: a change takes effect at once, and is lost when the store is refilled from Kafka. `thunder source jsonl` sends
follows through Kafka, where they last. A list holds the newest 10,000 follows."""


_LETTERS_NOTE = """\
A worker sets a message that it cannot decode aside in the dead-letter topic, with where it was and why. A replay sends
the message that stands there, bytes and key, to the same partition again; where its topic no longer has it, the bytes
of the letter, if it has them all. Events may be repeated and in any order. Exit code 3: some could not be replayed."""

_REPLAY_NOTE = """\
Moves the commits of the group back to the first message of the span, and no partition forward. Writing events again
changes nothing but repairs what is missing. Kafka moves no group that has members: stop the workers, or use --wait and
stop them then. Exit code 2: the group has committed nothing; 3: it has members."""

_STATUS_NOTE = """\
Asks Kafka and Redis, changes nothing. Exit code 1: one does not answer, or something needs attention, as the last lines
say."""


def _letters(summary: str, settings: str, run: str) -> Command:
    return Command(
        summary,
        f"common.settings.operations:{settings}",
        f"thunder.operations.letter_commands:{run}",
        note=_LETTERS_NOTE,
    )


_BENCH_NOTE = """\
Other load on the machine changes all figures: trust ratios of one run, not figures of two. It needs Linux, and a Redis
server on PATH or --redis-url."""


class SourceCommands(Mapping[str, "Command"]):
    """The commands of `thunder source`, one for each kind in the catalogue, which is read when they are needed."""

    @cached_property
    def _commands(self) -> dict[str, Command]:
        kinds, broken = _catalogue()
        unusable = {name: Command("cannot be used", "", "", Runner.ROLE, flaw=flaw) for name, flaw in broken.items()}
        return unusable | {name: _source(kind) for name, kind in kinds.items()}

    def __getitem__(self, name: str) -> Command:
        """The command of the kind with that name."""
        return self._commands[name]

    def __iter__(self) -> Iterator[str]:
        """Names of the kinds."""
        return iter(self._commands)

    def __len__(self) -> int:
        """Number of the kinds."""
        return len(self._commands)


def _catalogue() -> "Catalogue":
    return resolve_name("ingest.sources.catalogue:catalogue")()  # imported only now: it has settings


def _source(kind: "SourceKind") -> Command:
    settings = f"{kind.settings.__module__}:{kind.settings.__qualname__}"
    return Command(
        kind.summary, settings, "thunder.cli.source:run_source_command", Runner.ROLE, kind.note, origin=kind.origin
    )


def _follows(summary: str, settings: str, run: str) -> Command:
    return Command(summary, f"common.settings.follows:{settings}", run, note=_FOLLOWS_NOTE)


def _bench(summary: str, settings: str, run: str) -> Command:
    return Command(summary, f"thunder.bench.options:{settings}", f"thunder.bench.main:{run}", note=_BENCH_NOTE)


TRANSFORM = Command(
    "convert Thrift events of the raw topic to events of the refined topic",
    "common.settings.ingest:TransformSettings",
    "ingest.app:run_transform",
    Runner.ROLE,
)

COMMANDS: dict[str, Entry] = {
    "demo": Command(
        "run everything on this machine, with embedded Kafka and Redis, and show it",
        "thunder.demo.options:DemoOptions",
        "thunder.demo.main:run_demo",
        note="Ctrl-C stops it; no process and no file remains.",
    ),
    "query": Command("ask a server for a timeline", "thunder.cli.query:QueryOptions", "thunder.cli.query:run_query"),
    "source": CommandGroup(
        "send events from another system to the refined topic",
        SourceCommands(),
    ),
    "topics": CommandGroup(
        "manage the Kafka topics that Thunder reads and writes",
        {
            "create": Command(
                "create the topics that do not exist, and leave the others as they are",
                "common.settings.kafka:TopicsSettings",
                "thunder.cli.topics:create_wanted_topics",
                Runner.ROLE,
            )
        },
    ),
    "transform": TRANSFORM,
    "ingest": Command(
        "write posts or follows from Kafka to Redis",
        "common.settings.ingest:IngestSettings",
        "ingest.app:run_ingest",
        Runner.ROLE,
    ),
    "serve": Command(
        "answer gRPC requests for timelines from Redis",
        "common.settings.serve:ServeSettings",
        "serve.app:run_serve",
        Runner.ROLE,
    ),
    "plan": Command(
        "size an installation: machines, memory, settings, and what breaks first",
        "thunder.plan.main:PlanOptions",
        "thunder.plan.main:run_plan",
        note="It asks nothing of Redis or Kafka. Give the report of `thunder bench` on your own machines with --bench.",
    ),
    "status": Command(
        "show groups, lag, store and versions of roles at one glance",
        "common.settings.operations:StatusSettings",
        "thunder.operations.status:show_status",
        note=_STATUS_NOTE,
    ),
    "replay": Command(
        "let a consumer group read a span of time again",
        "common.settings.operations:GroupReplaySettings",
        "thunder.operations.group_replay:replay_group",
        note=_REPLAY_NOTE,
    ),
    "dead-letters": CommandGroup(
        "list, show and replay messages that workers could not decode",
        {
            "list": _letters("list dead letters, oldest first", "LetterListSettings", "list_letters"),
            "show": _letters("show one dead letter with its content", "LetterShowSettings", "show_letter"),
            "replay": _letters(
                "send the messages back to the topics that they came from", "LetterReplaySettings", "replay_letters"
            ),
        },
        _LETTERS_NOTE,
    ),
    "doctor": Command(
        "check what one role or all need: settings, Kafka, Redis, rights, clocks",
        "thunder.doctor.main:DoctorOptions",
        "thunder.doctor.main:run_doctor",
        Runner.WRAPPER,
        note="All other flags, variables and files are those of the role: thunder ROLE --help lists them. "
        "Without --role each role takes those that it has.",
    ),
    "bench": CommandGroup(
        "measure speed and memory, beside a naive server",
        {
            "read": _bench("cost of requests, in CPU time of server and Redis", "ReadBenchOptions", "bench_read"),
            "ingest": _bench("cost of events, in CPU time of worker and Redis", "IngestBenchOptions", "bench_ingest"),
            "memory": _bench("memory of Redis per post", "MemoryBenchOptions", "bench_memory"),
            "freshness": _bench("time from Kafka to an answer", "FreshnessBenchOptions", "bench_freshness"),
            "latency": _bench("latency under load, and catching up", "LatencyBenchOptions", "bench_latency"),
            "all": _bench("all of these, one after the other", "AllBenchOptions", "bench_all"),
            "serve": Command(
                "load a running server at a rate that does not wait for answers",
                "thunder.bench.serve_load:ServerLoadOptions",
                "thunder.bench.serve_load:run_serve_load",
                note="Latencies count from the intended start of each call. Exit code 1 when no answer was complete.",
            ),
        },
    ),
    "follows": CommandGroup(
        "manage follow lists",
        {
            "set": _follows("replace a follow list", "FollowEditSettings", "thunder.cli.follows:set_follows"),
            "add": _follows("add to a follow list", "FollowEditSettings", "thunder.cli.follows:add_follows"),
            "remove": _follows("remove from a follow list", "FollowEditSettings", "thunder.cli.follows:remove_follows"),
            "import": _follows(
                "import follows from a file or a pipe", "FollowImportSettings", "thunder.cli.follow_import:import_file"
            ),
            "show": _follows("show a follow list, newest first", "FollowListSettings", "thunder.cli.follows:show_list"),
        },
        _FOLLOWS_NOTE,
    ),
}

COMBINED = Command(
    "ingest and serve in one process",
    "common.settings.combined:CombinedSettings",
    "thunder.combined:run_combined",
    Runner.ROLE,
)
MODE_SETTINGS = "common.settings.combined:ModeSettings"

ROOT = CommandGroup("posts from Kafka, kept in Redis, served over gRPC", COMMANDS)


def shared_settings() -> list[str]:
    """Settings (module:class) of all commands that read an environment and a file, which they may share."""
    models = (command.settings for command in _all_of(ROOT) if command.shares_settings and not command.flaw)
    return list(dict.fromkeys((MODE_SETTINGS, COMBINED.settings, *models)))


def broken_sources() -> Mapping[str, str]:
    """Flaw of each source that cannot be loaded, by the prefix of its variables."""
    prefix_of = resolve_name("ingest.sources.catalogue:prefix_of")
    return {prefix_of(name): flaw for name, flaw in _catalogue().broken.items()}


def _all_of(group: CommandGroup) -> Iterator[Command]:
    for entry in group.commands.values():
        if isinstance(entry, Command):
            yield entry
        else:
            yield from _all_of(entry)

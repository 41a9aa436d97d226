"""Catalogue of the kinds of sources: packages of this folder, and those that other distributions add.

From it derive the commands of `thunder source`, the settings that an environment may hold, their page, the schema of
the chart, and the checks of the doctor. A kind is a package here whose guide defines SOURCE, or an entry point of the
group thunder.sources in any installed distribution; its name is its word on the command line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules, resolve_name
from typing import NamedTuple

from common.settings.schema import Setting, settings_of
from common.settings.source import LiveSettings, SourceSettings
from ingest.sources.message import Source

GROUP = "thunder.sources"
"""Group of entry points."""

_HOME = "ingest.sources"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


class Labels(NamedTuple):
    """Closed sets of labels, so that each has its series from the start."""

    sent: tuple[str, ...]
    ignored: tuple[str, ...]
    dropped: tuple[str, ...]


def labels_of(sent: Iterable[StrEnum], ignored: Iterable[StrEnum] = (), dropped: Iterable[StrEnum] = ()) -> Labels:
    """Labels from the enums of a source."""
    return Labels(*(tuple(str(label) for label in labels) for labels in (sent, ignored, dropped)))


class OpenedSource(NamedTuple):
    """A source, and what must be known to run it.

    has_follows: it may send follows. is_live: its position is stored; from_now: and not read at the start.
    """

    source: Source
    labels: Labels
    has_follows: bool
    is_live: bool = False
    from_now: bool = False


class SourceKind(NamedTuple):
    """A kind of source, as its package describes it.

    summary, note: for --help. settings: its own ones have the name of the kind as prefix in the environment. open: name
    (module:function) of the function from these settings to an OpenedSource, imported only when needed; it connects to
    nothing and raises ConfigurationError. in_chart: whether a pod can run it. origin: the distribution that brings it,
    empty for this one.
    """

    summary: str
    settings: type[SourceSettings]
    open: str
    note: str = ""
    in_chart: bool = True
    origin: str = ""

    def opened(self, settings: SourceSettings) -> OpenedSource:
        """The source that the settings ask for. ConfigurationError."""
        return resolve_name(self.open)(settings)


class Catalogue(NamedTuple):
    """All kinds by name. broken: for each that cannot be used, by name, what is wrong and which distribution it is."""

    kinds: Mapping[str, SourceKind]
    broken: Mapping[str, str]

    def kind_of(self, settings: SourceSettings) -> SourceKind:
        """The kind that these are settings of."""
        return next(kind for kind in self.kinds.values() if kind.settings is type(settings))


def built_in() -> dict[str, SourceKind]:
    """The kinds of this distribution, by name."""
    packages = [found.name for found in iter_modules(import_module(_HOME).__path__) if found.ispkg]
    guides = {name: import_module(f"{_HOME}.{name}") for name in sorted(packages)}
    return {name: guide.SOURCE for name, guide in guides.items() if hasattr(guide, "SOURCE")}


@cache
def catalogue() -> Catalogue:
    """The kinds of this distribution and of all others that are installed. Those that fail cost no other."""
    kinds, broken = built_in(), dict[str, str]()
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            kinds[entry.name] = _added(entry, kinds)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it comes from code of others
            broken[entry.name] = f"The source {entry.name} of {_distribution(entry)} cannot be used: {_reason(error)}"
    return Catalogue(kinds, broken)


class _Unusable(Exception):
    """The message says what is wrong with a kind."""


def _added(entry: EntryPoint, kinds: Mapping[str, SourceKind]) -> SourceKind:
    """The kind that an entry point names. Raises _Unusable, and what the module raises that it names."""
    if not _NAME.fullmatch(entry.name):
        raise _Unusable("its name must be a word of lower-case letters, digits and hyphens, of at most 31 characters")
    if entry.name in kinds:
        raise _Unusable(f"{kinds[entry.name].origin or 'Thunder'} has a source of this name")
    kind = entry.load()
    if not isinstance(kind, SourceKind):
        raise _Unusable(f"{entry.value} is no SourceKind")
    if not (isinstance(kind.settings, type) and issubclass(kind.settings, SourceSettings)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _Unusable("its settings are no subclass of SourceSettings")
    _check_variables(entry.name, kind.settings, kinds.values())
    return kind._replace(origin=_distribution(entry))


def _check_variables(name: str, settings: type[SourceSettings], others: Iterable[SourceKind]) -> None:
    own, taken = own_settings(settings), {variable for kind in others for variable in _variables(kind.settings)}
    for setting in own:
        if setting.environment_prefix != prefix_of(name):
            raise _Unusable(f"its setting {setting.name} must have the environment_prefix {prefix_of(name)}")
        if clash := taken.intersection(setting.variables):
            raise _Unusable(f"the variable {clash.pop()} of its setting {setting.name} belongs to another source")


def own_settings(settings: type[SourceSettings]) -> Sequence[Setting]:
    """The settings that a kind adds to those which every source or every live source has."""
    shared = {*settings_of(SourceSettings), *settings_of(LiveSettings)}
    return [setting for setting in settings_of(settings) if setting not in shared]


def prefix_of(name: str) -> str:
    """Text between THUNDER_ and the name of a kind's own setting in the environment."""
    return f"{name.upper().replace('-', '_')}_"


def _variables(settings: type[SourceSettings]) -> Iterator[str]:
    for setting in settings_of(settings):
        yield from setting.variables


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, _Unusable) else f"{type(error).__name__}: {text}"

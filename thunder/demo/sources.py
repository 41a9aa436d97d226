"""Which feed the command line asks for."""

from collections.abc import Callable
from functools import partial

from common.settings import RetentionSettings
from thunder.demo.feed import Feed
from thunder.demo.options import Options
from thunder.demo.playback import open_recording, playback
from thunder.demo.synthetic_feed import synthetic_feed

Source = Callable[[float], Feed]
"""Makes a feed that leads up to a time, in Unix seconds."""


def open_source(options: Options) -> Source:
    """The file of the options, read now, or else a made-up network. Raises ConfigurationError. Blocks."""
    if options.events is None:
        return partial(synthetic_feed, options.seed)
    recording, name = open_recording(options.events), options.events.name
    retention_seconds = RetentionSettings().post_retention_seconds
    return lambda now: playback(recording, name, int(now), retention_seconds)

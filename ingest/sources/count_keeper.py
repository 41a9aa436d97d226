"""Brings the counts that are kept up to date with those of a running source."""

import logging
from collections.abc import Callable, Mapping

from common.errors import StoreUnavailable
from ingest.sources.statistics import Counts, as_fields

Add = Callable[[Mapping[str, int], str], object]
"""Adds to the fields that are kept and replaces the position unless it is empty. Raises StoreUnavailable."""

_log = logging.getLogger("thunder.source")


class CountKeeper:
    """Adds what is new, now and then. While Redis is away the source goes on, and what is new adds up until it is back.

    For one thread at a time.
    """

    def __init__(self, add: Add) -> None:
        self._add = add
        self._added: dict[str, int] = {}
        self._position = ""
        self._is_away = False

    def keep(self, counts: Counts, position: str) -> None:
        """The counts of this run so far, and where to resume. Says once that Redis is away, and that it is back."""
        fields = as_fields(counts)
        more = {name: count - self._added.get(name, 0) for name, count in fields.items()}
        news = {name: count for name, count in more.items() if count}
        if not news and position == self._position:
            return
        try:
            self._add(news, position)
        except StoreUnavailable as reason:
            self._say_away(reason)
        else:
            self._added, self._position = fields, position
            self._say_back()

    def _say_away(self, reason: StoreUnavailable) -> None:
        if not self._is_away:
            _log.warning("The counts are not kept for the moment, the source goes on: %s", reason)
        self._is_away = True

    def _say_back(self) -> None:
        if self._is_away:
            _log.info("The counts are kept again")
        self._is_away = False

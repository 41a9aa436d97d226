"""From where a source has to resume to miss nothing that is not acknowledged yet. Pure."""


class Progress:
    """Follows the positions of messages in the order in which they are heard, and what is acknowledged in any order."""

    def __init__(self, position: str) -> None:
        """Position: where the source begins, empty: at its own start."""
        self._latest = position
        self._awaited: dict[int, str] = {}  # by number of a sent message: the position that was heard before it
        self._sent = 0

    @property
    def position(self) -> str:
        """Right before the oldest message that is not acknowledged; what was given up stays there for ever."""
        return next(iter(self._awaited.values()), self._latest)

    def passed(self, position: str) -> None:
        """A message was heard of which nothing is to be acknowledged. It may have no position."""
        self._latest = position or self._latest

    def sent(self, position: str) -> int:
        """A message was heard that is acknowledged later. Return the number to name it by."""
        self._sent += 1
        self._awaited[self._sent] = self._latest
        self.passed(position)
        return self._sent

    def acknowledged(self, number: int) -> None:
        """The message of that number is."""
        del self._awaited[number]

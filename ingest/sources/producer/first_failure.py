"""What a producer, whose work is done by several threads, tells its caller that it failed of."""


class FirstFailure:
    """Keeps the first of several failures. For any thread."""

    def __init__(self) -> None:
        self._failure: Exception | None = None

    def note(self, failure: Exception) -> None:
        """Something failed that the caller must know of."""
        self._failure = self._failure or failure

    def raise_if_any(self) -> None:
        """Raise the first failure, each time."""
        if self._failure is not None:
            raise self._failure

from ingest.post_row import PostRow

class NativeDecoder:
    """Decodes plain creates that retention and skew, both in seconds, admit into the store."""

    def __init__(self, retention: int, skew: int) -> None: ...
    def refined(self, payload: bytes, now: int) -> PostRow | None:
        """The row of a message of the refined topic at now (Unix seconds); None when Python must judge it."""

    def raw(self, payload: bytes, now: int) -> PostRow | None:
        """The row of a message of the raw topic at now (Unix seconds); None when Python must judge it."""

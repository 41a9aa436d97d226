"""Which offsets may be committed: those below which everything that was delivered has been applied."""

from collections.abc import Iterable

from ingest.message import Message


def offsets_to_commit(applied: Iterable[Message]) -> dict[int, int]:
    """Offset after the last applied message, per partition.

    The messages are whole batches in the order of delivery, so no gap of theirs is unapplied: offsets that are missing
    were compacted away or belong to transaction markers.
    """
    return {message.partition: message.offset + 1 for message in applied}

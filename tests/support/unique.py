"""Names that no other test uses, so that tests can share one broker."""

import uuid


def unique(prefix: str) -> str:
    """Return prefix with a random suffix: a name for a topic, a consumer group or a transaction."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"

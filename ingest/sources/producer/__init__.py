"""The producer behind all sources: a bounded queue, workers that pack and send, reports of what became of each item."""

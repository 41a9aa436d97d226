"""Numbers at the boundaries of what is an id and what the store keeps."""

from common.ids import MAX_ID

NOW = 1_790_000_000
RETENTION, SKEW = 172_800, 60

IDS = [*range(1, 30), 127, 128, 2**14, 2**31 - 1, 2**31, 2**32, 2**56, MAX_ID, MAX_ID, 0, 0, 0, -1, -(2**63)]
TIMES = [
    *(NOW - age for age in (RETENTION, RETENTION, RETENTION - 1, 1000, 1, 0, -1, -SKEW)),
    *(NOW - age for age in (RETENTION + 1, -SKEW - 1)),
    *(0, -1, 2**31, 2**32, MAX_ID),
]

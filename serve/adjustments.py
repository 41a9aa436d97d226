"""Changes made to a request to bring it within the limits: for the answer, the metrics and the log. Pure."""

from enum import StrEnum
from typing import NamedTuple

from common.pb.thunder.v1 import in_network_pb2 as pb
from common.pb.thunder.v1.in_network_pb2 import AdjustmentKind


class Adjustment(StrEnum):
    """A change made to a request to bring it within the limits. A closed set: it labels a metric."""

    INVALID_FOLLOWING_ID = "invalid_following_id"
    INVALID_EXCLUDED_ID = "invalid_excluded_id"
    INVALID_EXCLUDED_AUTHOR_ID = "invalid_excluded_author_id"
    FOLLOWING_CUT = "following_cut"
    EXCLUDED_CUT = "excluded_cut"
    EXCLUDED_AUTHORS_CUT = "excluded_authors_cut"
    MAX_RESULTS_CLAMPED = "max_results_clamped"
    UNKNOWN_ALGORITHM = "unknown_algorithm"


class Extent(NamedTuple):
    """Entries sent and entries taken, or the values of a number; times: by how much the adjustment's counter grows."""

    given: int
    used: int
    times: int = 1


Adjustments = dict[Adjustment, Extent]

_WIRE_KINDS = {
    Adjustment.FOLLOWING_CUT: AdjustmentKind.ADJUSTMENT_KIND_FOLLOWING_CUT,
    Adjustment.INVALID_FOLLOWING_ID: AdjustmentKind.ADJUSTMENT_KIND_FOLLOWING_DROPPED,
    Adjustment.EXCLUDED_CUT: AdjustmentKind.ADJUSTMENT_KIND_EXCLUDED_CUT,
    Adjustment.INVALID_EXCLUDED_ID: AdjustmentKind.ADJUSTMENT_KIND_EXCLUDED_DROPPED,
    Adjustment.EXCLUDED_AUTHORS_CUT: AdjustmentKind.ADJUSTMENT_KIND_EXCLUDED_AUTHORS_CUT,
    Adjustment.INVALID_EXCLUDED_AUTHOR_ID: AdjustmentKind.ADJUSTMENT_KIND_EXCLUDED_AUTHORS_DROPPED,
    Adjustment.MAX_RESULTS_CLAMPED: AdjustmentKind.ADJUSTMENT_KIND_MAX_RESULTS_CLAMPED,
    Adjustment.UNKNOWN_ALGORITHM: AdjustmentKind.ADJUSTMENT_KIND_ALGORITHM_UNKNOWN,
}


def list_adjustments(
    cut: Adjustment, dropped: Adjustment, extent: Extent, invalid: int, *, is_cut: bool
) -> Adjustments:
    """The adjustments of a list: whether it was cut, and the number of invalid ids that were skipped."""
    adjustments: Adjustments = {}
    if is_cut:
        adjustments[cut] = extent
    if invalid:
        adjustments[dropped] = extent._replace(times=invalid)
    return adjustments


def adjustments_field(adjustments: Adjustments) -> bytes:
    """The adjustments as the end of a serialised response; empty when there are none."""
    if not adjustments:
        return b""
    listed = [
        pb.Adjustment(kind=kind, given=adjustments[adjustment].given, used=adjustments[adjustment].used)
        for adjustment, kind in _WIRE_KINDS.items()
        if adjustment in adjustments
    ]
    return pb.GetInNetworkPostsResponse(adjustments=listed).SerializeToString()

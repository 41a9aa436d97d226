"""What was seen of late, in bounded memory. Pure."""

from collections import OrderedDict


class RecentlySeen:
    """The ids seen last, at most so many."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._ids: OrderedDict[int, None] = OrderedDict()

    def see(self, one: int) -> bool:
        """Whether this id is new. An id that is seen again is kept longer."""
        is_new = one not in self._ids
        self._ids[one] = None
        self._ids.move_to_end(one)
        if len(self._ids) > self._capacity:
            self._ids.popitem(last=False)
        return is_new

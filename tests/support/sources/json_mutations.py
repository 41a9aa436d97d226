"""Damaged JSON: what a property test feeds to a reader of a stranger's lines."""

import json
from typing import cast

from hypothesis import strategies as st

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800")
ANY_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)

Json = dict[str, object]


@st.composite
def mutated_json(draw: st.DrawFn, *objects: str) -> str:
    """One of the objects, one to three of its members, however deep, gone or replaced by any JSON."""
    whole = cast("Json", json.loads(draw(st.sampled_from(objects))))
    for _ in range(draw(st.integers(1, 3))):
        owner = draw(st.sampled_from(_objects_with_members(whole)))
        field = draw(st.sampled_from(sorted(owner)))
        if draw(st.booleans()):
            owner[field] = draw(ANY_JSON)
        elif len(owner) > 1:
            del owner[field]
    return json.dumps(whole)


def _objects_with_members(whole: Json) -> list[Json]:
    inner = [cast("Json", value) for value in whole.values() if isinstance(value, dict) and value]
    return [whole, *(each for one in inner for each in _objects_with_members(one))]

"""The decoder in C, compiled from Cython: the twin of what ingest/decode does to plain creates, with the same rows.

In: payloads of the refined topic or of the raw one. Out: a PostRow, or None for all other events and every fault, which
Python judges then. Invariants: no I/O; every length is checked against the bytes at hand before it is used; what a
payload claims allocates nothing; no payload raises. The module may be missing: where no compiler was when the product
was installed, Python decodes all (DECODER says so).

Read decoder.pyx, which puts the others together: fingerprint.pxi and row.pxi (what a row is made of), refined_event.pxi
(protobuf), then thrift.pxi and raw_tweet.pxi. common/native has the hook that compiles them.
"""

import sys
from typing import TYPE_CHECKING

from common.native import Language

if TYPE_CHECKING:
    from ingest.native.decoder import NativeDecoder
else:
    try:
        from ingest.native.decoder import NativeDecoder
    except ImportError:

        class NativeDecoder:
            """Stands for it in annotations: none is made."""


DECODER = Language.NATIVE if sys.modules.get("ingest.native.decoder") else Language.PYTHON
"""Language of the decoder of plain creates: native where the module was compiled when the product was installed."""

__all__ = ["DECODER", "NativeDecoder"]

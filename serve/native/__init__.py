"""The read core in C, compiled from Cython: the twin of serve/timeline's Python core, with the same answers.

In: the bytes of a request, and of the replies of Redis. Out: packed commands, and the bytes of the answer. Invariants:
no I/O; every length is checked against the bytes at hand before it is used; what a reply or a request claims allocates
nothing that its own bytes do not justify; nothing but a typed error or None comes of damaged bytes. The module may be
missing: where no compiler was when the product was installed, the Python core answers (NATIVE is False then).

Read read_core.pyx, which puts the others together: numbers.pxi of common/native, ids.pxi and member.pxi (fields of a
post), resp.pxi and scanner.pxi (replies), request.pxi (the common form of a request), commands.pxi, then core.pxi with
the rounds, lists.pxi with what was read, and merge.pxi with the rules. common/native has the hook that compiles them.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serve.native.read_core import CommonRequest, NativeCore, ReplyScanner
else:
    try:
        from serve.native.read_core import CommonRequest, NativeCore, ReplyScanner
    except ImportError:

        class _NotCompiled:
            """Stands for each of them, for annotations and isinstance(): none is made."""

        CommonRequest = NativeCore = ReplyScanner = _NotCompiled

NATIVE = "serve.native.read_core" in sys.modules
"""Whether the module was compiled when the product was installed."""

__all__ = ["NATIVE", "CommonRequest", "NativeCore", "ReplyScanner"]

"""Shared parts of the modules in C: serve/native, the read core, and ingest/native, the decoder of plain creates.

Each is the twin of Python code with the same results, which is the specification, and works where nothing was compiled.
build_hook.py compiles them when the product is built, all or none; numbers.pxi is included by each.
"""

from enum import StrEnum


class Language(StrEnum):
    """Language of code that exists twice. A closed set: it labels a metric."""

    NATIVE = "native"
    PYTHON = "python"

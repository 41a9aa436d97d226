"""Keeps compiled modules beside pytest's cache where PYTHONDONTWRITEBYTECODE would keep them nowhere. Works by import.

A role imports some hundred modules: each of the many processes that the tests start
would compile all of them again, and pytest rewrite every assertion again.
"""

import os
import sys
from pathlib import Path

if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[2] / ".pytest_cache" / "bytecode")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

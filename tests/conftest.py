"""Hypothesis looks for new cases on a developer's machine, and repeats the same ones in CI, where builds must agree.

The cache of contracts is in a folder of this test run: nothing is left in the user's own, and nothing found there.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

_cache = tempfile.mkdtemp(prefix="specfuzz-test-cache-")
atexit.register(shutil.rmtree, _cache, ignore_errors=True)
os.environ["SPECFUZZ_CACHE_DIR"] = _cache

settings.register_profile("search", deadline=None)
settings.register_profile("repeat", deadline=None, derandomize=True)
settings.load_profile("repeat" if os.environ.get("CI") else "search")

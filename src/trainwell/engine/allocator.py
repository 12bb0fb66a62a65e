"""Memory that a step gave back is kept for the next one.

XLA's programs for the CPU allocate their temporary arrays anew in every step. glibc hands large ones back to the system
as soon as they are free, so that each step begins with a page fault for every 4 KiB: up to 40% of its time.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

KEPT_BYTES = 2**30  # free memory above this goes back to the system
_GROWTH_BYTES = 2**26  # asked of the system at once
_LARGEST = 2**31 - 1  # what `mallopt` takes
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # names in malloc.h: M_TRIM_THRESHOLD, ...


def keep_freed_memory(environment: Mapping[str, str] = os.environ) -> bool:
    """Let glibc keep up to `KEPT_BYTES` of free memory in this process; does nothing elsewhere.

    Changes where memory comes from, never a result. An allocator that the user set up (GLIBC_TUNABLES, MALLOC_...,
    LD_PRELOAD) stays as it is, and an empty TRAINWELL_ALLOCATOR switches this off.

    Returns:
        Whether it was done.
    """
    if sys.platform != "linux" or not environment.get("TRAINWELL_ALLOCATOR", "kept"):
        return False
    if any(name in ("GLIBC_TUNABLES", "LD_PRELOAD") or name.startswith("MALLOC_") for name in environment):
        return False
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018 - other libraries have a `mallopt` that means something else
        mallopt = library.mallopt
    except (OSError, AttributeError):
        return False
    settings = ((_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, KEPT_BYTES), (_TOP_PAD, _GROWTH_BYTES))
    return all(mallopt(name, value) == 1 for name, value in settings)

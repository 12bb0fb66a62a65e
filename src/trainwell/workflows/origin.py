"""Where a run came from: versions, machine, memory."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

from trainwell.report.facts import Hardware

PACKAGES = ("trainwell", "keras", "jax", "jaxlib", "numpy", "scikit-learn", "pillow")


def versions() -> dict[str, str]:
    """Package -> version, with Python's own."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}


def hardware() -> Hardware:
    """The machine as it is seen from this process."""
    import jax

    return Hardware(
        cpu=_cpu_model(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gb=_memory_gb(),
        devices=tuple(f"{device.platform}: {device.device_kind}" for device in jax.devices()),
        system=f"{platform.system()} {platform.release()} ({platform.machine()})",
    )


def peak_memory_mb() -> float | None:
    """Largest resident memory of this process so far, in MB (10⁶ bytes); None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gb() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return None

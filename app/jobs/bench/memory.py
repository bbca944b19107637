"""How much memory this process holds right now."""

import os
from pathlib import Path

STATM = Path("/proc/self/statm")
RESIDENT = 1
"""The second number: pages that are in memory."""


def memory_mib() -> float | None:
    """Return it in MiB; None where the system has no such file."""
    try:
        pages = int(STATM.read_text().split()[RESIDENT])
    except FileNotFoundError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

"""How this process takes memory from the operating system."""

import ctypes

# Parameters of mallopt, from glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGEST = 2**31 - 1


def keep_freed_memory() -> None:
    """Lets glibc keep freed memory for the next allocation.

    XLA on CPU allocates its buffers anew in every step. By default glibc gives
    large ones back to the system when they are freed, and the next step pays
    for every page again (`benchmarks/host_memory.py`). Without glibc nothing
    happens. To be called before threads are started.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    for parameter, value in (
        (_M_MMAP_THRESHOLD, _LARGEST),
        (_M_TRIM_THRESHOLD, _LARGEST),
        # Arenas of other threads cannot hold large buffers.
        (_M_ARENA_MAX, 1),
    ):
        mallopt(parameter, value)

"""How this process takes memory from the operating system."""

import ctypes

# Parameters of mallopt, from glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD = -1, -2
_M_MMAP_MAX, _M_ARENA_MAX = -4, -8
_NEVER = -1
# Twice the most that an arena other than the first has in one piece.
_PAD = 2**27
# From about this size on, logits over the vocabulary outgrow an arena.
LARGE_VOCABULARY = 8192


def keep_freed_memory(vocab_size: int) -> None:
    """Lets glibc keep freed memory for the next allocation.

    XLA on CPU allocates its buffers anew in every step. By default glibc gives
    large ones back to the system when they are freed, and the next step pays
    for every page again (`benchmarks/host_memory.py`). Without glibc nothing
    happens. To be called before threads are started.

    Arenas of threads cannot hold large buffers, so models with a large
    vocabulary get one arena for all; where every buffer is small, threads
    would only wait for each other there.

    Args:
      vocab_size: of the model, which decides how large its buffers are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    # Thresholds are ints: what a step of a large model needs is above any.
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, _NEVER)
    if vocab_size >= LARGE_VOCABULARY:
        mallopt(_M_ARENA_MAX, 1)
    else:
        # Else an arena gives back whole pieces, whatever the threshold.
        mallopt(_M_TOP_PAD, _PAD)

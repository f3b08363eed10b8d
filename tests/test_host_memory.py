import ctypes
import os
import subprocess
import sys

from command import ROOT

from xltransfer import host_memory


class Libc:
    """glibc, as far as it is called here."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def mallopt(self, parameter: int, value: int) -> int:
        self.calls.append((parameter, value))
        return 1


def test_freed_memory_is_kept_through_mallopt(monkeypatch):
    libc = Libc()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    host_memory.keep_freed_memory(vocab_size=100)
    # Numbers of the parameters: M_TRIM_THRESHOLD -1, M_TOP_PAD -2, M_MMAP_MAX
    # -4 (malloc.h). -1 switches trimming off (mallopt(3)); an arena's
    # HEAP_MAX_SIZE is 64 MiB (arena.c).
    assert sorted(libc.calls) == [(-4, 0), (-2, 2**27), (-1, -1)]


FAULTS = """
import ctypes, resource
from xltransfer import host_memory
host_memory.keep_freed_memory({vocab_size})
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def use(size):
    block = libc.malloc(size)
    for place in range(0, size, 1 << 21):
        ctypes.memset(block + place, 1, 1)
    libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
size = (2 << 30) + (1 << 20)
use(size)
before = use(size)
print(use(size) - before)
"""


def test_no_buffer_is_too_large_to_be_kept():
    """A step of XLM-R base takes more than 2 GiB at once."""
    program = FAULTS.format(vocab_size=250_002)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    # Given back, every one of the 1,024 pages touched would be a fault.
    assert int(done.stdout) < 100


def test_threads_share_an_arena_where_buffers_are_large(monkeypatch):
    libc = Libc()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    host_memory.keep_freed_memory(vocab_size=250_002)
    # M_ARENA_MAX is -8 (malloc.h).
    assert (-8, 1) in libc.calls


def test_without_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    host_memory.keep_freed_memory(vocab_size=250_002)

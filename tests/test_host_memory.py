import ctypes

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
    # Numbers of the parameters: M_TRIM_THRESHOLD -1, M_TOP_PAD -2,
    # M_MMAP_THRESHOLD -3 (malloc.h). 2 GiB - 1 is the largest int; an arena's
    # HEAP_MAX_SIZE is 64 MiB (arena.c).
    largest = 2**31 - 1
    assert sorted(libc.calls) == [(-3, largest), (-2, 2**27), (-1, largest)]


def test_threads_share_an_arena_where_buffers_are_large(monkeypatch):
    libc = Libc()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    host_memory.keep_freed_memory(vocab_size=250_002)
    # M_ARENA_MAX is -8 (malloc.h).
    assert (-8, 1) in libc.calls


def test_without_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    host_memory.keep_freed_memory(vocab_size=250_002)

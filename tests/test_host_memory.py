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
    host_memory.keep_freed_memory()
    # Numbers of the parameters: M_TRIM_THRESHOLD -1, M_MMAP_THRESHOLD -3,
    # M_ARENA_MAX -8 (malloc.h). 2 GiB - 1 is the largest int.
    assert sorted(libc.calls) == [(-8, 1), (-3, 2**31 - 1), (-1, 2**31 - 1)]


def test_without_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    host_memory.keep_freed_memory()

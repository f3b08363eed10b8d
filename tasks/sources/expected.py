"""Says where a file is not as its benchmark publishes it."""

from collections.abc import Iterator
from contextlib import contextmanager

from xltransfer.errors import InputError


@contextmanager
def expected(what: str, where: str) -> Iterator[None]:
    """Names a place where something lacks or is of another kind.

    Args:
      what: the benchmark, e.g. `Mewsli-X`.
      where: file and line; also put in front of errors without one.
    """
    try:
        yield
    except InputError as error:
        message = str(error)
        if message.startswith(where):
            raise
        raise InputError(f"{where}: {message}") from error
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as e:
        raise InputError(f"{where}: it is not as in {what}: {e!r}.") from e

"""Several processes that carry out one study together, usually one a host.

All of them run the same updates and predictions. The first one leads: it alone
decides what comes next and tells the others, and it alone writes logs, records
and results. Without other processes everything here is trivial.
"""

import contextlib
import difflib
import json
import os
import sys
import threading
import traceback
import uuid
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import NamedSharding, PartitionSpec

from xltransfer.errors import InputError
from xltransfer.partitioning import AXES, Partitioning

AUTO = "auto"
# What a process ends with that cannot go on alone: BSD's EX_PROTOCOL.
LOST_CODE = 76
# Seconds without a sign after which a process counts as dead, and in which all
# must have come to their end.
HEARTBEAT, FAREWELL = 60, 30
# Updates that are under way before the outcome of one is looked at. The same
# on all hosts, which therefore stop after the same update.
LAG = 2
# Lines of a difference that are shown.
SHOWN = 20
_SIGNS_OF_LOSS = (
    "Gloo",
    "coordination service",
    "CoordinationService",
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "Connection closed by peer",
    "Connection reset by peer",
)


def several() -> bool:
    """Whether there are other processes."""
    return jax.distributed.is_initialized() and jax.process_count() > 1


def leads() -> bool:
    """Whether this is the first process, the only one that writes."""
    return not several() or jax.process_index() == 0


def meet(name: str) -> None:
    """Waits until every process has come here."""
    if several():
        multihost_utils.sync_global_devices(name)


def tell(order: dict[str, Any] | None) -> None:
    """Tells the other processes what is to be done; None: nothing more."""
    if several():
        _broadcast(json.dumps(order))


def heard(patience: float | None = None) -> dict[str, Any] | None:
    """Returns what the first process tells.

    Args:
      patience: seconds after which this process ends; None: waits on and on.
    """
    if patience is None:
        return json.loads(_broadcast(""))
    # Nothing else would end a wait for what cannot come.
    ending = threading.Timer(patience, os._exit, (LOST_CODE,))
    ending.start()
    try:
        return json.loads(_broadcast(""))
    finally:
        ending.cancel()


def agree(name: str, text: str) -> None:
    """Compares a text with all other processes.

    Raises:
      InputError: on every process, with the lines that differ.
    """
    if not several():
        return
    first = _broadcast(text)
    differs = multihost_utils.process_allgather(np.array(text != first))
    others = np.flatnonzero(differs).tolist()
    if not others:
        return
    lines = difflib.unified_diff(
        first.splitlines(),
        text.splitlines(),
        "process 0",
        f"process {others[0]}",
        n=0,
        lineterm="",
    )
    shown = _broadcast("\n".join(list(lines)[: SHOWN + 2]), others[0])
    raise InputError(
        f"{name}: processes {', '.join(map(str, others))} differ from process "
        f"0. Start the same command, commit and data on all.\n{shown}"
    )


def share(folder: Path) -> None:
    """Checks that all processes see one and the same folder.

    Raises:
      InputError: on every process, where one of them does not.
    """
    if not several():
        return
    mark = folder / f".{_broadcast(uuid.uuid4().hex)}"
    if leads():
        mark.touch()
    meet("marked")
    seen = multihost_utils.process_allgather(np.array(mark.exists()))
    if leads():
        mark.unlink()
    blind = np.flatnonzero(~seen).tolist()
    if blind:
        raise InputError(
            f"--out {folder}: processes {', '.join(map(str, blind))} do not "
            "see what process 0 writes there. It must be a folder that all "
            "hosts share, as a mounted bucket."
        )


def _broadcast(text: str, source: int = 0) -> str:
    """Returns the text of one process, on all of them."""
    mine = jax.process_index() == source
    data = np.frombuffer(text.encode() if mine else b"", np.uint8)
    size = multihost_utils.broadcast_one_to_all(
        np.array(len(data)), is_source=mine
    )
    padded = data if mine else np.zeros(int(size), np.uint8)
    found = multihost_utils.broadcast_one_to_all(padded, is_source=mine)
    return np.asarray(found).astype(np.uint8).tobytes().decode()


class Stops:
    """Whether any process was asked to stop, known to all after one update.

    What each says goes round beside the updates and is read LAG updates later,
    so that no update waits for it.
    """

    def __init__(self, partitioning: Partitioning):
        self._sharding = NamedSharding(partitioning.mesh, PartitionSpec(AXES))
        self._any = jax.jit(
            lambda flags: flags.any(), out_shardings=partitioning.replicated
        )
        self._said: deque[jax.Array] = deque()

    def agreed(self, requested: bool) -> bool:
        """Tells whether to stop now.

        Args:
          requested: whether this process was asked to.
        """
        if not several():
            return requested
        flags = jax.make_array_from_process_local_data(
            self._sharding, np.full(jax.local_device_count(), requested)
        )
        self._said.append(self._any(flags))
        return len(self._said) > LAG and bool(self._said.popleft())


@contextlib.contextmanager
def joined(
    coordinator: str | None, processes: int | None, process: int | None
) -> Iterator[None]:
    """Joins the others; inside, JAX sees the devices of all of them.

    Where there are several, the process ends on leaving: with the code of what
    was raised, without waiting for those that will not come any more.

    Args:
      coordinator: HOST:PORT at which process 0 listens; `auto` where JAX finds
        out by itself, as on Cloud TPU; None for a process on its own.
      processes: how many, and
      process: which of them this is, from 0; not with `auto`.

    Raises:
      InputError: if what is given does not fit, or nobody answers.
    """
    if coordinator is None:
        if processes is not None or process is not None:
            raise InputError("--processes and --process need --coordinator.")
        yield
        return
    _initialize(coordinator, processes, process)
    code, together = 0, True
    try:
        yield
    except BaseException as error:
        code, together = _ending(error)
    _leave(code, together)


def _initialize(
    coordinator: str, processes: int | None, process: int | None
) -> None:
    where: tuple[Any, ...] = ()
    if coordinator != AUTO:
        host, _, port = coordinator.rpartition(":")
        if not host or not port.isdecimal():
            raise InputError(
                f"--coordinator {coordinator}: HOST:PORT, or auto."
            )
        if processes is None or process is None:
            raise InputError("--coordinator needs --processes and --process.")
        if not 0 <= process < processes:
            raise InputError(f"--process {process}: from 0 to {processes - 1}.")
        where = coordinator, processes, process
    try:
        jax.distributed.initialize(
            *where,
            heartbeat_timeout_seconds=HEARTBEAT,
            shutdown_timeout_seconds=FAREWELL,
        )
    except (ValueError, RuntimeError) as error:
        hint = " Give HOST:PORT, --processes and --process." * (not where)
        raise InputError(
            f"--coordinator {coordinator}: {error}{hint}"
        ) from error


def _ending(error: BaseException) -> tuple[int, bool]:
    """Says what happened.

    Returns:
      What the process is to end with, and whether the others end as well.
    """
    if isinstance(error, InputError):
        print(f"error: {error}", file=sys.stderr)
        return 2, True
    # Of typer's Exit, and of Python's.
    for name in ("exit_code", "code"):
        if isinstance(getattr(error, name, None), int):
            return getattr(error, name), True
    text = str(error)
    if not any(sign in text for sign in _SIGNS_OF_LOSS):
        traceback.print_exception(error)
        return 1, False
    print(
        f"error: process {jax.process_index()} lost another one, which says "
        "why, or was killed. What was saved is whole: the same command on all "
        f"hosts goes on. ({text.splitlines()[0][:200]})",
        file=sys.stderr,
    )
    return LOST_CODE, False


def _leave(code: int, together: bool) -> None:
    """Ends this process; the exit handlers would wait for lost ones."""
    sys.stdout.flush()
    sys.stderr.flush()
    if together:
        # So that none of them takes another's end for a loss.
        with contextlib.suppress(Exception):
            jax.distributed.shutdown()
    os._exit(code)

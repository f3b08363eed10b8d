"""What went wrong with a phase or an evaluation, kept in the phase's folder.

`failed.json` tells of the training, `failed-TASK.LANGUAGE.json` of an
evaluation. Either is there until the same thing is tried again and works.
"""

import dataclasses
import json
import traceback
from pathlib import Path

from xltransfer import files, hosts, monitoring
from xltransfer.errors import InputError

_MEMORY = ("RESOURCE_EXHAUSTED", "Out of memory", "out of memory")


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why something failed.

    Attributes:
      phase: the name of the phase's folder.
      dataset: what it was to be evaluated on; "" where it is the training.
      reason: one sentence, for a table.
      claim: under which claim of the phase's folder; tells two tries apart.
      step: the updates that were logged before, where it was a training.
      log: the file beside it that holds the traceback, if any does.
    """

    phase: str
    dataset: str
    reason: str
    claim: int
    step: int | None = None
    log: str | None = None


def read(folder: Path, dataset: str = "") -> Failure | None:
    """Returns the failure of a training, or of a dataset's evaluation."""
    return _read(_path(folder, dataset))


def every(folder: Path) -> set[Failure]:
    """Returns all failures of a phase and of its evaluations."""
    found = {_read(path) for path in folder.glob("failed*.json")}
    return found - {None}


def write(
    folder: Path, error: Exception, claim: int, dataset: str = ""
) -> Failure:
    """Records an exception; one that nobody foresaw, with its traceback."""
    path = _path(folder, dataset)
    log = None
    if not isinstance(error, InputError):
        log = path.with_suffix(".log").name
        text = "".join(traceback.format_exception(error))
        files.replace(folder / log, text)
    step = None if dataset else monitoring.last_step(folder)
    reason = _reason(error)
    failure = Failure(
        phase=folder.name,
        dataset=dataset,
        reason=reason,
        claim=claim,
        step=step,
        log=log,
    )
    files.replace_json(path, dataclasses.asdict(failure))
    return failure


def check_common(error: Exception) -> None:
    """Raises what only one of several processes may have met.

    The others would wait for it. Bad input is the same for all of them.
    """
    if hosts.several() and not isinstance(error, InputError):
        raise error


def clear(folder: Path, dataset: str = "") -> None:
    """Forgets a failure, since it is tried again."""
    path = _path(folder, dataset)
    path.unlink(missing_ok=True)
    path.with_suffix(".log").unlink(missing_ok=True)


def _read(path: Path) -> Failure | None:
    try:
        return Failure(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None


def _path(folder: Path, dataset: str) -> Path:
    return folder / ("-".join(filter(None, ("failed", dataset))) + ".json")


def _reason(error: Exception) -> str:
    if isinstance(error, InputError):
        return str(error)
    text = " ".join(str(error).split())
    first = f"{type(error).__name__}: {text[:200]}".rstrip(": ")
    if isinstance(error, MemoryError) or any(one in text for one in _MEMORY):
        return (
            f"Out of memory ({first}). Raise Execution.microbatches, or shard "
            "the parameters (gin/sharding)."
        )
    return first

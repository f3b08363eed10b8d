"""What each example adds to a metric: a small file a language.

`examples…/<task>/<split>-<language>.npy`, beside `predictions…`: an array of
records, one an example in the order of the labels, with a field
`<metric>:<column>` for each column of `metrics.COUNTED`, and, where questions
have ids, `id`: a 64-bit digest that tells the same question in other languages.
"""

import dataclasses
import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float, Num, UInt64

from xltransfer.errors import InputError
from xltransfer.metrics import COUNTED
from xltransfer.metrics.counted import Columns, Sums, Total

_ID = "id"


@dataclasses.dataclass(frozen=True)
class Counts:
    """The examples of one evaluation. N examples.

    Attributes:
      columns: by metric, a name in `metrics.COUNTED`, and column.
      ids: which question each is; None where they have none.
    """

    columns: Mapping[str, Mapping[str, Num[np.ndarray, "N"]]]
    ids: UInt64[np.ndarray, "N"] | None

    @property
    def size(self) -> int:
        """N."""
        columns = next(iter(self.columns.values()))
        return len(next(iter(columns.values())))

    def influence(self, name: str) -> Float[np.ndarray, "N"] | None:
        """Returns how much each example moves a value, to first order.

        It is the derivative of the official number with respect to the
        example's weight, which is 1: an example drawn twice adds it, one left
        out takes it off. The sum is 0, since twice all examples move nothing.

        Args:
          name: an official one, as `f1`; None is returned for any other.
        """
        for metric, columns in reversed(self.columns.items()):
            sums = {one: float(values.sum()) for one, values in columns.items()}
            total = COUNTED[metric].total
            if name in total(sums):
                slopes = _slopes(total, name, sums)
                found = sum(
                    slopes[one] * values for one, values in columns.items()
                )
                return found - found.mean()
        return None


def beside(predictions: Path) -> Path:
    """Returns the folder of the counts that belong to one of predictions."""
    name = predictions.name.removeprefix("predictions")
    return predictions.with_name(f"examples{name}")


def path_of(folder: Path, task: str, language: str, split: str) -> Path:
    """Returns where the counts of a task's predictions lie."""
    return folder / task / f"{split}-{language}.npy"


def write(
    path: Path, counted: Mapping[str, Columns], names: Iterable[str] | None
) -> None:
    """Writes counts in one step; nothing, where no metric is counted.

    Args:
      path: the file.
      counted: the columns of each metric.
      names: the questions' ids, in the same order, where they have any.
    """
    fields = {
        f"{metric}:{column}": _compact(values)
        for metric, columns in counted.items()
        for column, values in columns.items()
    }
    if not fields:
        return
    if names is not None:
        fields[_ID] = np.array([_digest(one) for one in names], np.uint64)
    size = len(next(iter(fields.values())))
    table = np.empty(size, [(name, one.dtype) for name, one in fields.items()])
    for name, values in fields.items():
        table[name] = values
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        np.save(file, table, allow_pickle=False)
    os.replace(partial, path)


def read(path: Path) -> Counts | None:
    """Reads counts; None where an evaluation left none.

    Raises:
      InputError: for a damaged file.
    """
    if not path.exists():
        return None
    try:
        table = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        names = [name for name in table.dtype.names if name != _ID]
        columns: dict[str, dict[str, np.ndarray]] = {}
        for name in names:
            metric, column = name.split(":")
            COUNTED[metric]
            columns.setdefault(metric, {})[column] = table[name]
    except (ValueError, TypeError, KeyError, EOFError) as error:
        raise InputError(
            f"{path}: damaged ({error}); remove it, and intervals are taken "
            "without its examples."
        ) from None
    return Counts(columns, table[_ID] if _ID in table.dtype.names else None)


def _slopes(total: Total, name: str, sums: Sums) -> dict[str, float]:
    """Returns a value's derivative with respect to each sum."""
    found = {}
    for one, value in sums.items():
        step = 1e-5 * max(abs(value), 1.0)
        ahead, behind = (
            total({**sums, one: value + moved})[name] for moved in (step, -step)
        )
        found[one] = (ahead - behind) / (2 * step)
    return found


def _compact(values: list[float]) -> np.ndarray:
    """Returns whole numbers in few bytes, others in float64."""
    found = np.array(values)
    if found.dtype.kind not in "iub":
        return found.astype(np.float64)
    return found.astype(np.uint8 if found.max(initial=0) < 256 else np.uint32)


def _digest(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")

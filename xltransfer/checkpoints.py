"""Checkpoints: parameters, optimiser, step and position, together, atomic.

The only file that imports Orbax, whose v1 interface is still experimental. A
checkpoint appears under its step once it is whole; what a killed process left
unfinished is removed at the next start.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import jax
from orbax.checkpoint import v1 as ocp

from xltransfer.errors import InputError
from xltransfer.objectives.objective import Params

State = TypeVar("State")

_policies = ocp.training.preservation_policies


class Checkpoints:
    """The checkpoints of one run: the last one, and the best by each score.

    A context manager; on leaving it everything asynchronous is finished.
    """

    def __init__(self, directory: Path, scores: Sequence[str] = ()):
        """Opens a folder.

        Args:
          directory: holds nothing else.
          scores: names of scores; the best checkpoint by each is kept, and one
            that is the best by several is kept once.
        """
        keep = [_policies.LatestN(1), *map(_best, scores)]
        self.directory = directory.absolute()
        self._saving: Any = None
        self._checkpointer = ocp.training.Checkpointer(
            self.directory,
            preservation_policy=_policies.AnyPreservationPolicy(keep),
            cleanup_tmp_directories=True,
        )

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *exception: object) -> None:
        self._checkpointer.close()

    @property
    def step(self) -> int:
        """The updates done at the last checkpoint, 0 without one."""
        latest = self._checkpointer.latest
        return 0 if latest is None else latest.step

    def save(
        self,
        step: int,
        state: Any,
        position: dict[str, Any],
        scores: Mapping[str, float] | None = None,
    ) -> None:
        """Starts saving; returns once the arrays are copied.

        Args:
          step: updates done; a step that is there already is left alone.
          state: the whole training state.
          position: what else resuming needs, as JSON values.
          scores: by name, all of them, where they were measured at this step.
        """
        latest = self._checkpointer.latest
        if latest is not None and latest.step >= step:
            return
        metrics = {**scores, "step": step} if scores else None
        self._saving = self._checkpointer.save_checkpointables_async(
            step,
            {"state": state, "position": {"json": json.dumps(position)}},
            force=True,
            metrics=metrics,
        )

    def position(self) -> dict[str, Any] | None:
        """Returns the position of the last checkpoint alone, if there is one.

        Raises:
          InputError: for a damaged checkpoint.
        """
        latest = self._latest()
        if latest is None:
            return None
        with _readable(self.directory / str(latest.step)):
            found = self._checkpointer.load_checkpointables(
                latest.step, {"position": None}
            )
        return json.loads(found["position"]["json"])

    def restore(self, abstract: State) -> tuple[State, dict[str, Any]] | None:
        """Returns the last state, in the shardings asked for, and position.

        Raises:
          InputError: for a damaged checkpoint.
        """
        latest = self._latest()
        if latest is None:
            return None
        with _readable(self.directory / str(latest.step)):
            found = self._checkpointer.load_checkpointables(
                latest.step, {"state": abstract, "position": None}
            )
        return found["state"], json.loads(found["position"]["json"])

    def _latest(self) -> Any:
        """Returns the last checkpoint, once it is whole."""
        if self._saving is not None:
            self._saving.result()
        return self._checkpointer.latest


def _best(name: str) -> _policies.BestN:
    """Keeps the earliest of equal scores, as the position records it."""
    return _policies.BestN(
        get_metric_fn=lambda metrics: (metrics[name], -metrics["step"]),
        n=1,
        keep_checkpoints_without_metrics=False,
    )


def restore_params(directory: Path, step: int, abstract: Params) -> Params:
    """Reads some of the parameters of a checkpoint into given shardings.

    Args:
      directory: the folder given to `Checkpoints`.
      step: which checkpoint.
      abstract: shapes, types and shardings of the parameters wanted; others
        in the checkpoint are not read.

    Raises:
      InputError: for a missing or damaged checkpoint, and naming parameters
        that are missing or of another shape.
    """
    path = directory.absolute() / str(step)
    if not path.is_dir():
        raise InputError(f"{path}: there is no checkpoint.")
    with _readable(path):
        metadata = ocp.checkpointables_metadata(path).metadata
        saved = metadata["state"]["params"]
    _check_shapes(path, saved, abstract)
    context = ocp.Context()
    context.pytree.loading.partial_load = True
    with context, _readable(path):
        found = ocp.load_checkpointables(path, {"state": {"params": abstract}})
    return found["state"]["params"]


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Orbax and TensorStore tell of damage by exceptions of many kinds."""
    try:
        yield
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: damaged checkpoint ({text}). If a study trained it, "
            f"delete {path.parent.parent}, and it is trained anew."
        ) from error


def _check_shapes(path: Path, metadata: Any, abstract: Params) -> None:
    saved = {
        jax.tree_util.keystr(key, simple=True, separator="/"): leaf.shape
        for key, leaf in jax.tree_util.tree_leaves_with_path(metadata)
    }
    for key, leaf in jax.tree_util.tree_leaves_with_path(abstract):
        name = jax.tree_util.keystr(key, simple=True, separator="/")
        if name not in saved:
            raise InputError(f"{path}: no parameter {name}.")
        if tuple(saved[name]) != tuple(leaf.shape):
            raise InputError(
                f"{path}: {name} has shape {tuple(saved[name])}, the model "
                f"wants {tuple(leaf.shape)}. Is it a checkpoint of another "
                "size?"
            )

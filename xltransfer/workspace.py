"""Where a study lives, what it runs on, and what is done there."""

import dataclasses
import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from xltransfer import claims, fields
from xltransfer.components import Component
from xltransfer.data import cache as caches
from xltransfer.data.cache import Cache
from xltransfer.partitioning import Partitioning
from xltransfer.selection import Rule
from xltransfer.specification import Phase

DONE = "done.json"
Kind = Literal["pretrain", "intermediate", "target"]


@dataclasses.dataclass(frozen=True)
class Execution:
    """How the same mathematics is carried out. Not part of any identity.

    Attributes:
      microbatches: parts of a batch worked off one after the other.
      checkpoint_every: updates between two checkpoints, beside those at
        evaluations.
      log_every: updates between two lines of metrics.
      prefetch: batches made ahead.
      packed: False gives each example a row of its own.
      programs: train steps compiled for a phase, at most; fewer leave more
        padding.
      evaluation_rows: rows that are predicted at once, or somewhat more; it
        changes no prediction.
      lease: seconds after which a worker on another host that shows no sign
        of life counts as dead, and its phase is free (`claims`).
      profile: updates of each phase that are traced for xprof; 0: none.
      measure_rate: measures the rate of a matrix product at the start, for
        `mfu` where the device's peak is not known (`throughput`).
      trim: kinds of phase that train only those rows of XLM-R's table of
        pieces that their data can touch (`trimming`).
    """

    microbatches: int = 1
    checkpoint_every: int = 500
    log_every: int = 50
    prefetch: int = 4
    packed: bool = True
    programs: int = 4
    evaluation_rows: int = 32
    lease: float = claims.LEASE
    profile: int = 0
    measure_rate: bool = False
    trim: tuple[Kind, ...] = ()

    def __post_init__(self) -> None:
        fields.check(self)
        fields.check_least(
            self,
            microbatches=1,
            checkpoint_every=0,
            log_every=0,
            prefetch=1,
            programs=2,
            evaluation_rows=1,
            lease=1,
            profile=0,
        )


@dataclasses.dataclass(frozen=True)
class Workspace:
    """Where a study lives and what it runs on."""

    out: Path
    cache_dir: Path
    data_dir: Path | None
    partitioning: Partitioning
    execution: Execution

    @functools.cached_property
    def present(self) -> dict[tuple[str, str], tuple[Component, ...]]:
        """Splits of a mixture's datasets whose files are there.

        By mixture and split; looked for once a command (`study.plan`).
        """
        return {}

    def directory(self, phase: Phase) -> Path:
        """Returns the phase's folder, named by its content."""
        identity = phase.identity(self.data_dir)
        return self.out / "phases" / f"{phase.kind}-{identity}"

    def cache(self, phase: Phase, part: Component) -> Cache:
        """Opens, or builds, the cache of a phase's component."""
        return caches.prepare(
            phase.request(part), self.cache_dir, self.data_dir
        )


def finished(
    phase: Phase, workspace: Workspace, rules: Iterable[Rule] = ()
) -> dict[str, Any] | None:
    """Returns the record of a finished phase, or None.

    Args:
      phase: which.
      workspace: where it would be.
      rules: those that must have chosen a checkpoint, else it is not finished.
    """
    path = workspace.directory(phase) / DONE
    if not path.exists():
        return None
    record = json.loads(path.read_text())
    known = record.get("rules", {})
    wanted = {one.key(phase, workspace.data_dir) for one in rules}
    return record if wanted <= set(known) else None

"""A study's folder as its report reads it: files alone, nothing is recomputed.

Raises InputError, with file and line, for what is missing or damaged.
"""

import csv
import dataclasses
import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xltransfer import results
from xltransfer.errors import InputError

# Columns of results.csv that are no text.
_TYPES = {"value": float, "seed": int, "n": int}
_FORMAT = 1
_SIZES = (
    *(("num_layers", "layers"), ("hidden_size", "wide")),
    *(("num_encoder_layers", "layers"), ("emb_dim", "wide")),
)
_ARM = ("model", "method")


@dataclasses.dataclass(frozen=True)
class PhaseRecord:
    """What one phase left.

    Attributes:
      name: of its folder: its kind and identity.
      configuration: the resolved one, whose hash is the identity.
      done: `done.json`; None if it has not ended.
      environment: `environment.json`; None if it has not ended.
      curve: the lines of `metrics.jsonl`.
    """

    name: str
    configuration: Mapping[str, Any]
    done: Mapping[str, Any] | None
    environment: Mapping[str, Any] | None
    curve: tuple[Mapping[str, Any], ...]

    @property
    def identity(self) -> str:
        """The hash of its configuration."""
        return identity_of(self.name)

    @property
    def kind(self) -> str:
        """`pretrain`, `intermediate` or `target`."""
        return self.configuration["kind"]

    @property
    def seed(self) -> int:
        return self.configuration["seed"]

    @property
    def data(self) -> tuple[str, ...]:
        """The names of the datasets that it trains on."""
        parts = self.configuration["components"]
        return tuple(part["dataset"] for part in parts)

    @functools.cached_property
    def fields(self) -> dict[str, str]:
        """The configuration as field -> text; none if it never began."""
        return dict(_flat("", self.configuration)) if self.data else {}


@dataclasses.dataclass(frozen=True)
class StudyFolder:
    """What of a study lies on disk.

    Attributes:
      path: the folder.
      description: `study.json`.
      results: the rows of `results.csv`, with numbers as numbers.
      phases: by name, in the order of the study's cells.
      gin: `config.gin`.
      flags: `flags.json`: what is out of the ordinary with phases and cells.
      outdated: how many rows of `results.csv` were left out, since they are of
        phases that the study does not have any more.
    """

    path: Path
    description: Mapping[str, Any]
    results: tuple[Mapping[str, Any], ...]
    phases: Mapping[str, PhaseRecord]
    gin: str
    flags: tuple[Mapping[str, Any], ...] = ()
    outdated: int = 0

    @property
    def is_miniature(self) -> bool:
        """Whether its models and data stand for others."""
        return self.description.get("scale") == "miniature"

    @property
    def direct(self) -> str:
        """The label of the row without an intermediate phase."""
        return self.description["direct"]

    @property
    def intermediates(self) -> list[str]:
        """The labels of all rows but direct transfer and the controls."""
        labels = dict.fromkeys(
            one["intermediate"] for one in self.description["cells"]
        )
        known = {self.direct, *self.controls}
        return [one for one in labels if one not in known]

    @property
    def models(self) -> list[str]:
        """What models there are: the class of each, and its size."""
        found: dict[str, None] = {}
        for one in self.phases.values():
            model = one.configuration.get("model", {})
            size = [f"{model[k]:,} {v}" for k, v in _SIZES if k in model]
            if model:
                name = model["class"].removesuffix("Config")
                found[", ".join([name, *size])] = None
        return list(found)

    def arm(self, cell: Mapping[str, Any]) -> str:
        """Returns model and method of a cell, where there are several."""
        return ", ".join(filter(None, (cell.get(x, "") for x in self._varied)))

    @functools.cached_property
    def _varied(self) -> list[str]:
        cells = self.description["cells"]
        return [x for x in _ARM if len({one.get(x, "") for one in cells}) > 1]

    def evaluation(self, target: str) -> Mapping[str, list[str]]:
        """Returns the datasets of a target, `present` and `absent`."""
        name = self.description["targets"][target]["evaluation"]
        return self.description["evaluations"][name]

    @functools.cached_property
    def by_identity(self) -> dict[str, PhaseRecord]:
        """The phases as the rows of the results name them."""
        return {one.identity: one for one in self.phases.values()}

    @functools.cached_property
    def degenerate(self) -> dict[str, str]:
        """The identities of target phases that go back to one no better than
        chance, each with the reason."""
        reasons = {
            one["phase"]: one["reason"]
            for one in self.flags
            if one["kind"] == "degenerate"
        }
        return {
            identity_of(cell["phases"][-1]): reasons[name]
            for cell in self.description["cells"]
            for name in cell["phases"]
            if name in reasons
        }

    @property
    def controls(self) -> tuple[str, ...]:
        """The labels of the rows that are no intermediates."""
        return tuple(self.description["controls"])


def identity_of(name: str) -> str:
    """Returns the identity of a phase from the name of its folder."""
    return name.rpartition("-")[2]


def read(path: Path) -> StudyFolder:
    """Reads a study's folder."""
    if not path.is_dir():
        raise InputError(f"{path}: there is no such folder.")
    description = _description(path / "study.json")
    names = dict.fromkeys(
        name for cell in description["cells"] for name in cell["phases"]
    )
    identities = set(map(identity_of, names))
    rows = _results(path / "results.csv")
    kept = tuple(row for row in rows if row["phase"] in identities)
    gin = path / "config.gin"
    return StudyFolder(
        path,
        description,
        kept,
        {name: _phase(path / "phases" / name) for name in names},
        gin.read_text(encoding="utf-8") if gin.exists() else "",
        tuple(_flags(path / "flags.json")),
        len(rows) - len(kept),
    )


def _description(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        raise InputError(
            f"{path} is missing. The command that ran the study writes it when "
            "it is called again; nothing is trained anew."
        )
    found = _json(path)
    needed = (
        *("name", "command", "direct", "controls", "seeds", "targets"),
        *("cells", "evaluations", "overlaps"),
    )
    missing = [one for one in needed if one not in found]
    if missing or found.get("format") != _FORMAT:
        raise InputError(
            f"{path}: written by another version, or damaged"
            + (f": {', '.join(missing)} missing." if missing else ".")
        )
    return found


def _flags(path: Path) -> list[Mapping[str, Any]]:
    if not path.exists():
        return []
    found = _json(path, list)
    for number, one in enumerate(found, start=1):
        if not {"phase", "cells", "kind", "reason"} <= set(one):
            raise InputError(f"{path}: entry {number} is no flag.")
    return found


def _results(path: Path) -> list[Mapping[str, Any]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(results.COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise InputError(
                f"{path}: no column {', '.join(sorted(missing))}. Run the "
                "study again; it writes the table anew."
            )
        return [_typed(path, reader.line_num, row) for row in reader]


def _typed(path: Path, line: int, row: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(row)
    for name, kind in _TYPES.items():
        try:
            found[name] = kind(row[name])
        except (TypeError, ValueError):
            raise InputError(
                f"{path}:{line}: {name} is {row[name]!r}, no number."
            ) from None
    # Empty where a dataset does not state its size.
    examples = row.get("intermediate_examples")
    if examples is not None:
        found["intermediate_examples"] = int(examples) if examples else None
    return found


def _phase(folder: Path) -> PhaseRecord:
    """Reads what is there; of a phase that never began, the name tells it."""
    kind = folder.name.partition("-")[0]
    path = folder / "phase.json"
    known = _json(path) if path.exists() else {}
    begun = {"kind": kind, "seed": -1, "components": [], "training": {}}
    return PhaseRecord(
        folder.name,
        known.get("configuration", begun),
        _optional(folder / "done.json"),
        _optional(folder / "environment.json"),
        tuple(_lines(folder / "metrics.jsonl")),
    )


def _flat(where: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yields the fields below a place, each with its text."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _flat(f"{where}.{name}" if where else name, one)
    elif isinstance(value, list) and any(isinstance(x, dict) for x in value):
        for number, one in enumerate(value):
            yield from _flat(f"{where}[{number}]", one)
    else:
        is_text = isinstance(value, str)
        yield where, value if is_text else json.dumps(value, ensure_ascii=False)


def _optional(path: Path) -> Mapping[str, Any] | None:
    return _json(path) if path.exists() else None


def _json(path: Path, kind: type = dict) -> Any:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, kind):
        raise InputError(f"{path}: no JSON {kind.__name__}.")
    return found


def _lines(path: Path) -> list[Mapping[str, Any]]:
    """Reads lines of JSON; the last may have been cut short by a kill."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(json.loads(line))
        except ValueError:
            if number < len(lines):
                raise InputError(f"{path}:{number}: not JSON.") from None
    return found

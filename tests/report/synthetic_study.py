"""A study's folder as a run leaves it, with made-up numbers and no training.

Ten intermediates and ten targets with the languages of XTREME and XTREME-R. A
number is chance for its language plus what its seed and its intermediate task
give: drawn, so no test knows more of it than what the files say.
"""

import dataclasses
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xltransfer import results
from xltransfer.metrics.benchmarks import TASKS

DIRECT = "none (direct)"
INTERMEDIATES = {
    DIRECT: None,
    "MNLI": "mnli.en",
    "ANLI+": "anli_r1.en + anli_r2.en + anli_r3.en",
    "QQP": "qqp.en",
    "SQuAD 2.0": "squad2.en",
    "SQuAD 1.1": "squad.en",
    "HellaSwag": "hellaswag.en",
    "Cosmos QA": "cosmosqa.en",
    "OCNLI (zh)": "ocnli_50k.zh",
    "IndoNLI (id)": "indonli.id",
    "FarsTail (fa)": "farstail.fa",
}
TARGETS = (
    *("xnli", "pawsx", "xcopa", "udpos", "panx"),
    *("xquad", "mlqa", "tydiqa", "bucc2018", "tatoeba"),
)
METRICS = {
    "answers": ("exact_match", "f1"),
    "tags": ("accuracy", "f1", "precision"),
}
COMMIT = "0123456789ab"


@dataclasses.dataclass(frozen=True)
class Synthetic:
    """What the folder is to hold."""

    intermediates: Mapping[str, str | None]
    targets: Sequence[str]
    seeds: Sequence[int] = (1, 2, 3)
    controls: Sequence[str] = ()
    rules: Sequence[str] = ("english_dev",)
    languages: int = 100
    points: int = 24

    def write(self, out: Path) -> Path:
        """Writes the folder; returns it."""
        random_numbers = random.Random(5)
        cells, rows = [], []
        for label in (*self.intermediates, *self.controls):
            for seed in self.seeds:
                parents = self._parents(out, label, seed, random_numbers)
                for target in self.targets:
                    name = _phase(
                        *(out, "target", f"{target}.en", seed),
                        parents[-1] if parents else None,
                        self.points,
                        random_numbers,
                        self.rules,
                    )
                    cells.append(
                        _cell(label, target, seed, [*parents, name], self.rules)
                    )
                    rows += self._results(
                        out / "phases" / name,
                        *(label, target, seed),
                        random_numbers,
                    )
        results.write_table(out / "results.csv", rows)
        _write(out / "study.json", self._description(cells))
        (out / "config.gin").write_text("study.Study.name = 'synthetic'\n")
        return out

    def _parents(
        self, out: Path, label: str, seed: int, random_numbers: random.Random
    ) -> list[str]:
        data = self.intermediates.get(label)
        if data is None:
            return []
        made = _phase(
            *(out, "intermediate", data, seed, None, self.points),
            random_numbers,
        )
        return [made]

    def _results(
        self,
        folder: Path,
        label: str,
        target: str,
        seed: int,
        random_numbers: random.Random,
    ) -> list[dict[str, Any]]:
        """Writes a phase's results; returns them in long form."""
        task = TASKS[target]
        found = []
        for rule in self.rules:
            for language in task.known_languages[: self.languages]:
                for metric in METRICS.get(task.layout, task.averaged):
                    right = _right(label, target, language, random_numbers)
                    found.append(
                        {
                            "task": target,
                            "language": language,
                            "split": "test",
                            "metric_version": 1,
                            "dataset_version": 1,
                            "data_digest": _digest(target, language),
                            "prediction": "encoder",
                            "phase": folder.name.partition("-")[2],
                            "seed": seed,
                            "selection": rule,
                            "checkpoint": 2000,
                            "trimmed_softmax": False,
                            "metric": metric,
                            "n": 2000,
                            "value": 100 * right / 2000,
                        }
                    )
        lines = [json.dumps(one) for one in found]
        (folder / "results.jsonl").write_text(
            "".join(f"{line}\n" for line in lines)
        )
        known = {
            "study": "synthetic",
            "model": "XLMR",
            "method": "",
            "intermediate_examples": 0 if label == DIRECT else 10_000,
            "intermediate": label,
            "target": target,
        }
        return [
            {name: (one | known)[name] for name in results.COLUMNS}
            for one in found
        ]

    def _description(self, cells: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "format": 1,
            "name": "synthetic",
            "command": ["xltransfer", "run", "synthetic.gin"],
            "direct": DIRECT,
            "controls": list(self.controls),
            "seeds": list(self.seeds),
            "targets": {
                name: {
                    "evaluation": name,
                    "split": "test",
                }
                for name in self.targets
            },
            "cells": cells,
            "evaluations": {
                name: {
                    "present": [
                        f"{name}.{code}"
                        for code in TASKS[name].known_languages[
                            : self.languages
                        ]
                    ],
                    "absent": [],
                }
                for name in self.targets
            },
            "overlaps": [],
        }


FULL = Synthetic(INTERMEDIATES, TARGETS)


def _right(
    label: str, target: str, language: str, random_numbers: random.Random
) -> int:
    """Returns how many of 2,000 are right, after an intermediate task."""
    known = random.Random(f"{target} {language}")
    level = known.uniform(45, 82)
    gain = random.Random(f"{label} {target}").gauss(0.8, 2)
    if label != DIRECT:
        level += gain + random.Random(f"{label} {language}").gauss(0, 1.2)
    level += random_numbers.gauss(0, 0.7)
    return round(20 * min(max(level, 0), 100))


def _cell(
    label: str,
    target: str,
    seed: int,
    phases: list[str],
    rules: Sequence[str],
) -> dict[str, Any]:
    return {
        "intermediate": label,
        "target": target,
        "seed": seed,
        "evaluation": target,
        "rules": list(rules),
        "phases": phases,
    }


def _phase(
    out: Path,
    kind: str,
    data: str,
    seed: int,
    parent: str | None,
    points: int,
    random_numbers: random.Random,
    rules: Sequence[str] = ("last",),
) -> str:
    """Writes a finished phase's folder; returns its name."""
    identity = _digest(kind, data, str(seed), str(parent))[:16]
    name = f"{kind}-{identity}"
    folder = out / "phases" / name
    if folder.exists():
        return name
    folder.mkdir(parents=True)
    steps = 100 * points
    curve = list(_curve(points, kind, random_numbers))
    configuration = _configuration(
        kind, data, seed, parent and parent.partition("-")[2], steps
    )
    _write(
        folder / "phase.json",
        {
            "identity": identity,
            "configuration": configuration,
            "rules": list(rules),
        },
    )
    (folder / "metrics.jsonl").write_text(
        "".join(f"{json.dumps(line)}\n" for line in curve)
    )
    _write(folder / "environment.json", _ENVIRONMENT)
    _write(
        folder / "done.json",
        {
            "identity": identity,
            "selection": rules[0],
            "step": steps,
            "steps": steps,
            "score": curve[-1].get("dev"),
            "rules": {
                f"{rule}-abcd0123": {
                    "rule": rule,
                    "step": steps,
                    "score": curve[-1].get("dev"),
                }
                for rule in rules
            },
            "seconds": random_numbers.uniform(600, 9000),
            "examples_per_second": random_numbers.uniform(80, 900),
            "tokens_per_second": random_numbers.uniform(8e3, 9e4),
            "padding_share": random_numbers.uniform(0.02, 0.2),
        },
    )
    return name


def _curve(
    points: int, kind: str, random_numbers: random.Random
) -> Iterator[dict[str, Any]]:
    for point in range(1, points + 1):
        loss = 0.25 + 1.1 / point**0.7 + random_numbers.gauss(0, 0.02)
        yield {
            "step": 100 * point,
            "loss": loss,
            "learning_rate": 1e-5 * (1 - point / points),
            "gradient_norm": random_numbers.uniform(0.5, 3),
            "examples_per_second": random_numbers.uniform(80, 900),
            "tokens_per_second": random_numbers.uniform(8e3, 9e4),
            "padding_share": random_numbers.uniform(0.02, 0.2),
        }
        if kind == "target" and point % 4 == 0:
            yield {
                "step": 100 * point,
                "dev": 88 - 30 / point + random_numbers.gauss(0, 0.4),
            }


def _configuration(
    kind: str, data: str, seed: int, parent: str | None, steps: int
) -> dict[str, Any]:
    return {
        "format": 1,
        "kind": kind,
        "model": {"class": "XLMRConfig", "hidden_size": 1024, "num_layers": 24},
        "problem": "classification",
        "labels": [],
        "components": [
            {
                "dataset": one.strip(),
                "split": "train",
                "rate": 1.0,
                "language": one.strip().rpartition(".")[2],
                "problem": "classification",
                "source": _digest(one.strip(), "train"),
            }
            for one in data.split("+")
        ],
        "validation": [],
        "vocabulary": _digest("vocabulary"),
        "training": {
            "class": "Training",
            "steps": steps,
            "batch_size": 32,
            "lengths": [["tokens", 128]],
            "optimizer": {"class": "AdamW", "learning_rate": 1e-5},
        },
        "seed": seed,
        "init": "scratch" if parent else f"hf:{_digest('weights')[:16]}",
        "parent": parent,
    }


_ENVIRONMENT = {
    "python": "3.11.7",
    "packages": {"jax": "0.10.2", "flax": "0.12.8"},
    "commit": COMMIT,
    "platform": "tpu",
    "device_kind": "TPU v4",
    "devices": 8,
    "hosts": 1,
    "mesh": {"data": 8, "fsdp": 1, "tensor": 1},
    "rules": [],
}


def _digest(*parts: str) -> str:
    return f"{random.Random(' '.join(parts)).getrandbits(256):064x}"


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")

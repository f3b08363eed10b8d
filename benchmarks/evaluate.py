"""Predicting every language present, beside loops over padded batches.

    XLTRANSFER_DATA_DIR=... python benchmarks/evaluate.py [--examples 64]

XLM-R of base shape with random weights, float32, on the first examples of each
language of XNLI, XQuAD (windows of 384) and Tatoeba (both sides, the mean of
the 8th layer). Hugging Face PyTorch reads the same ids in the file's order, 32
at a time, padded to the longest of a batch, or to the longest allowed as
XTREME's scripts for XNLI and XQuAD do. The sides take turns, each in a process
of its own. Predicting alone is timed: no tokenising, no scoring, no compiling
(the first batches are predicted twice). Outputs are compared: class logits'
argmax, each window's best start, each sentence's vector of length 1.

`places` are rows times columns that a side computes, of which `tokens` are
tokens; `share` is the rate of useful FLOPs (`xltransfer.throughput`) over that
of a large matrix product in the same run.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import options
import processes
import real_pairs

from tasks.vocabularies import TrainedVocabulary
from xltransfer import contents, host_memory, throughput
from xltransfer.components import Component, components_of
from xltransfer.data.cache import Cache, open_cache
from xltransfer.evaluate import Evaluation
from xltransfer.evaluations import Evaluations
from xltransfer.prediction import Predictor
from xltransfer.reading import Reading

# Mixture -> the longest example, and whether XTREME's scripts pad to that.
TASKS = {"xnli": (128, True), "xquad": (384, True), "tatoeba": (512, False)}
# Layers that are computed, where that is not all of them.
DEPTHS = {"tatoeba": processes.LAYER}
# What `Evaluation.outputs` gives of each task, as one array.
COMPARED = {
    "xnli": np.array,
    "xquad": lambda found: np.array([one.start_logits[0] for one in found]),
    "tatoeba": lambda found: np.concatenate([np.stack(one) for one in found]),
}


def main() -> None:
    arguments = _arguments()
    if arguments.ours:
        print(json.dumps(_predicted(arguments)))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        arguments.folder = Path(folder)
        arguments.cache_dir = arguments.cache_dir or Path(folder) / "cache"
        records = [_compared(name, arguments) for name in arguments.task]
    _report(records)
    if arguments.json:
        arguments.json.write_text(json.dumps(records, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    parser.add_argument("--task", nargs="+", choices=TASKS, default=[*TASKS])
    parser.add_argument("--examples", type=int, default=64, help="a language")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--layers", type=int, help="fewer than published")
    parser.add_argument("--folder", type=Path, help="where to write")
    parser.add_argument("--ours", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    deepest = max(DEPTHS.get(name, 0) for name in arguments.task)
    if arguments.layers and arguments.layers < deepest:
        parser.error(f"--layers {arguments.layers}: layer {deepest} is read")
    return arguments


def _compared(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Lets all sides predict one task in turns."""
    folder = arguments.folder / name
    _peer(arguments, name, "write")
    parts = _present(name, arguments.data_dir)
    rows = _write_rows(name, arguments, parts)
    length, pads = TASKS[name]
    sides = {"Hugging Face, dynamic": "dynamic"}
    if pads:
        sides[f"Hugging Face, {length}"] = str(length)
    rounds: dict[str, list[dict]] = {}
    outputs: dict[str, np.ndarray] = {}
    for _ in range(arguments.rounds):
        for side in ("xltransfer", *sides):
            if side in sides:
                one = _peer(arguments, name, "predict", "--pad", sides[side])
            else:
                one = _own(arguments, name)
            rounds.setdefault(side, []).append(one)
            outputs[side] = np.load(folder / "outputs.npy", allow_pickle=False)
    ours = outputs["xltransfer"]
    return {
        "task": name,
        "languages": len(parts),
        "rows": len(rows),
        "tokens": int(sum(map(len, rows))),
        "useful_gflop": _useful(name, arguments.layers, rows) / 1e9,
        "gflop_per_second": max(one["rate"] for one in rounds["xltransfer"])
        / 1e9,
        "sides": {
            side: {
                "seconds": statistics.median(one["seconds"] for one in found),
                "places": found[0]["places"],
            }
            for side, found in rounds.items()
        },
        "difference": max(
            float(abs(ours - outputs[side]).max() / (abs(ours).max() or 1))
            for side in sides
        ),
    }


def _useful(name: str, layers: int | None, rows: list[np.ndarray]) -> float:
    """Returns the FLOPs of predicting what is no padding."""
    shape = real_pairs.SHAPES["xlmr_base"]
    model = real_pairs.sized(shape, DEPTHS.get(name, layers))
    lengths = np.array([len(ids) for ids in rows])[:, None]
    arithmetic = throughput.Arithmetic(model, masked=False, peak=None)
    # An update's are those of a prediction and twice as many.
    return arithmetic.flops(lengths, np.ones(len(rows), np.int64)) / 3


def _write_rows(
    name: str, arguments: argparse.Namespace, parts: list[Component]
) -> list[np.ndarray]:
    """Writes the first examples of each language for both sides."""
    folder = arguments.folder / name
    evaluations = _evaluations(name, arguments)
    found = [
        real_pairs.beginning(
            evaluations.cache(part),
            folder / "caches" / part.dataset.name,
            arguments.examples,
        )
        for part in parts
    ]
    rows = [ids for cache in found for ids in _rows(cache)]
    np.savez(
        folder / "rows.npz",
        ids=np.concatenate(rows),
        lengths=np.array([len(ids) for ids in rows]),
    )
    return rows


def _present(name: str, data_dir: Path) -> list[Component]:
    return [
        part
        for part in components_of(name, "test")
        if not part.dataset.split("test").source.missing(data_dir)
    ]


def _rows(cache: Cache) -> list[np.ndarray]:
    """Returns the ids of everything that goes through the model alone."""
    rows = [cache.tokens("tokens", one) for one in range(cache.size)]
    if "side_lengths" not in cache.sequences:
        return rows
    return [
        side
        for one, ids in enumerate(rows)
        for side in np.split(
            ids, np.cumsum(cache.tokens("side_lengths", one))[:-1]
        )
        if len(side)
    ]


def _evaluations(name: str, arguments: argparse.Namespace) -> Evaluations:
    shape = real_pairs.SHAPES["xlmr_base"]
    reading = Reading(
        real_pairs.sized(shape, arguments.layers),
        TrainedVocabulary("xlmr", real_pairs.PIECES, ("text.en",)),
        (("tokens", TASKS[name][0]),),
    )
    return Evaluations(
        reading,
        arguments.cache_dir,
        arguments.data_dir,
        real_pairs.PARTITIONING,
        processes.ROWS,
    )


def _predicted(arguments: argparse.Namespace) -> dict[str, Any]:
    """Predicts all languages; writes what is compared."""
    name = arguments.ours
    host_memory.keep_freed_memory(
        real_pairs.SHAPES["xlmr_base"].model.vocab_size
    )
    folder = arguments.folder / name
    evaluations = _evaluations(name, arguments)
    made = []
    for part in _present(name, arguments.data_dir):
        rendering = evaluations.rendering(part)
        predictor = Predictor(rendering.objective, real_pairs.PARTITIONING)
        if not made:
            params = contents.load(
                f"hf:{folder}", predictor.objective.model, predictor.abstract
            ).params
        cache = open_cache(folder / "caches" / part.dataset.name)
        made.append((evaluations.evaluation(params, part), cache))
    for evaluation, cache in made:
        _compile(evaluation, cache)
    rate = throughput.matrix_rate("float32")
    begin = time.perf_counter()
    found = [one for evaluation, c in made for one in evaluation.outputs(c)]
    seconds = time.perf_counter() - begin
    np.save(folder / "outputs.npy", COMPARED[name](found))
    places = sum(
        packed.places
        for evaluation, cache in made
        for packed, *_ in evaluation.batches(cache).iterate(np.arange)
    )
    return {"seconds": seconds, "places": places, "rate": rate}


def _compile(evaluation: Evaluation, cache: Cache) -> None:
    """Predicts the first batch of a cache."""
    packed, *_ = next(evaluation.batches(cache).iterate(np.arange))
    program = evaluation.program
    arrays = program.partitioning.put(packed.arrays, packed.rows)
    program.predict(evaluation.params, arrays)


def _peer(arguments: argparse.Namespace, name: str, *rest: str) -> Any:
    script = Path(__file__).with_name("pytorch_peer.py")
    command = [str(script), rest[0], str(arguments.folder / name), *rest[1:]]
    command += ["--model", name, *processes.written(arguments, "layers")]
    return processes.output(command)


def _own(arguments: argparse.Namespace, name: str) -> Any:
    names = ("data_dir", "cache_dir", "folder", "layers")
    command = [__file__, "--ours", name]
    return processes.output(command + processes.written(arguments, *names))


def _report(records: list[dict[str, Any]]) -> None:
    """Prints one table."""
    print(f"XLM-R base, {len(os.sched_getaffinity(0))} cores")
    heads = (
        "languages",
        "rows",
        "tokens",
        "places",
        "rows/s",
        "ratio",
        "share",
    )
    print(f"{'':31}" + "".join(f"{head:>11}" for head in heads))
    for one in records:
        ours = one["sides"]["xltransfer"]["seconds"]
        for side, found in one["sides"].items():
            seconds = found["seconds"]
            share = one["useful_gflop"] / seconds / one["gflop_per_second"]
            print(
                f"{one['task']:9}{side:22}{one['languages']:11}"
                f"{one['rows']:11,}{one['tokens']:11,}{found['places']:11,}"
                f"{one['rows'] / seconds:11.1f}{seconds / ours:10.2f}x"
                f"{share:11.0%}"
            )
        print(f"{'':9}outputs differ by {one['difference']:.1e} at most")


if __name__ == "__main__":
    main()

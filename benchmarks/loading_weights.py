"""How fast published weights are loaded, and with how much memory.

    python benchmarks/loading_weights.py [--size large] [--json FILE]

Random weights of XLM-R's shape are written tensor by tensor as a Hugging Face
directory, read once to be in the page cache, and loaded by a process of its
own: time from the first file opened to the last array on its device, and the
largest resident set of the process. The bound is 1.25 times the parameters on
this host's devices, which is the host's memory on a CPU, and 2 GiB.
"""

import argparse
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import processes
from flax.traverse_util import flatten_dict

from xltransfer.models.xlmr import XLMRConfig, XLMRMaskedLM
from xltransfer.pretrained import hf_export, huggingface

GIB = 1 << 30
SIZES = {
    "tiny": XLMRConfig(16000, 128, 2, 4, 512, 130),
    "base": XLMRConfig(250002, 768, 12, 12, 3072),
    "large": XLMRConfig(250002, 1024, 24, 16, 4096),
}


@dataclass(frozen=True)
class Random:
    """A tensor that is made when it is written."""

    shape: tuple[int, ...]

    def __array__(self, dtype: object = None, copy: object = None):
        random = np.random.default_rng(len(self.shape))
        return random.standard_normal(self.shape, np.float32)


def main() -> None:
    arguments = _arguments()
    if arguments.load:
        print(json.dumps(load(arguments.load)))
        return
    parent = arguments.folder
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        write(Path(folder), SIZES[arguments.size])
        loaded = processes.output([__file__, "--load", folder])
    record = {"size": arguments.size, **loaded}
    report(record)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="large")
    parser.add_argument("--folder", type=Path, help="where to write weights")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def write(folder: Path, config: XLMRConfig) -> None:
    """Writes random weights, one tensor in memory at a time."""
    model = XLMRMaskedLM(config)
    shapes = {
        path: leaf.shape
        for path, leaf in flatten_dict(
            huggingface.abstract_params(model), sep="/"
        ).items()
    }
    tensors = {
        tensor.name: Random(
            shapes[path][::-1] if tensor.transposed else shapes[path]
        )
        for path, tensor in huggingface.table_of(model).items()
    }
    hf_export.write_safetensors(folder / "model.safetensors", tensors)
    fields = hf_export.config(model)
    (folder / "config.json").write_text(json.dumps(fields))


def load(folder: Path) -> dict[str, float]:
    """Loads all parameters onto the devices; measures this process."""
    import jax

    from xltransfer.objectives.language_modeling import MaskedLanguageModeling
    from xltransfer.optimizer import AdamW
    from xltransfer.partitioning import Partitioning
    from xltransfer.train import Program

    model = XLMRMaskedLM(huggingface.read_config(folder))
    program = Program(
        MaskedLanguageModeling(model),
        AdamW(1e-5),
        1,
        Partitioning((("vocab", "tensor"),)),
    )
    wanted = program.abstract.params
    file = folder / "model.safetensors"
    with file.open("rb") as whole:
        while whole.read(1 << 26):
            pass
    before = processes.peak()
    begin = time.perf_counter()
    params = huggingface.load(folder, model, abstract=wanted).params
    jax.block_until_ready(params)
    seconds = time.perf_counter() - begin
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(params))
    return {
        "cores": len(os.sched_getaffinity(0)),
        "file_gib": file.stat().st_size / GIB,
        "seconds": seconds,
        "before_gib": before / GIB,
        "peak_gib": processes.peak() / GIB,
        "bound_gib": 1.25 * size / GIB + 2,
    }


def report(record: dict) -> None:
    """Prints one table."""
    print(f"XLM-R {record['size']}, {record['cores']} cores")
    for name, unit in (
        ("file_gib", "GiB"),
        ("seconds", "s"),
        ("before_gib", "GiB"),
        ("peak_gib", "GiB"),
        ("bound_gib", "GiB"),
    ):
        label = name.removesuffix("_gib")
        print(f"{label:>10} {record[name]:8.2f} {unit}")


if __name__ == "__main__":
    main()

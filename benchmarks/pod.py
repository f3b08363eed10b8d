"""Train steps compiled for TPU slices that are not there: do they fit?

One line for a model on a slice: memory of a chip, work, what is exchanged, and
the time that its published rates allow. XLM-R trains a classifier on rows of
128 tokens with AdamW, mT5 with Adafactor on rows of 512 and 128, in bfloat16.
Needs libtpu (pip install '.[tpu]'); a line takes minutes, so that cases can be
chosen.

    python benchmarks/pod.py [--case NAME ...] [--list] [--json FILE]
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

RULES = (("activation_batch", ("slice", "data", "fsdp")), ("embed", "fsdp"))


@dataclasses.dataclass(frozen=True)
class Case:
    """A model on a slice, and rows of the batch a chip."""

    model: str
    topology: str
    rows: int
    fsdp: int = 16
    remat: str = "none"
    microbatches: int = 1


# Rows a chip, and what is kept for the gradient, of every model.
MODELS = {
    "xlmr_large": (32, "none"),
    "mt5_base": (8, "none"),
    "mt5_xl": (4, "full"),
    "mt5_xxl": (2, "full"),
}
# Those of gin/sharding, and how wide fsdp is there.
PRESETS = {
    "v4-8": 4,
    "v4-32": 16,
    "v5e-16": 16,
    "v5e-64": 16,
    "v5e-256": 16,
    "v5p-128": 16,
    "v6e-16": 16,
}
CASES = {
    f"{model}@{preset}": Case(model, preset, rows, fsdp, remat)
    for model, (rows, remat) in MODELS.items()
    for preset, fsdp in PRESETS.items()
}
# The same batch a chip on ever more of them.
WEAK = {
    "weak-8": Case("mt5_base", "v5e:2x4", 4, fsdp=8, remat="full"),
    "weak-16": Case("mt5_base", "v5e:4x4", 4, remat="full"),
    "weak-32": Case("mt5_base", "v5e:4x8", 4, remat="full"),
    "weak-64": Case("mt5_base", "v5e:8x8", 4, remat="full"),
    "weak-256": Case("mt5_base", "v5e:16x16", 4, remat="full"),
}
CASES |= WEAK | {
    # What T5X's own step was compiled for.
    "small": Case("mt5_small", "v5e-16", 8),
    "xxl-v4-64": Case("mt5_xxl", "v4-64", 4, remat="full"),
}
HEADER = (
    f"{'case':<19}{'chips':>6}{'fsdp':>5}{'remat':>6}{'compile':>9}"
    f"{'params':>8}{'optim.':>8}{'temp.':>8}{'total':>8}{'free':>7}"
    f"{'TFLOP':>8}{'sent MB':>9}{'recv MB':>9}{'gather':>8}{'ms':>8}"
    f"{'bound':>9}{'MFU':>6}"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", nargs="*", choices=[*CASES], default=[*CASES])
    parser.add_argument("--list", action="store_true", help="only name cases")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    arguments = parser.parse_args()
    if arguments.list:
        for name, case in CASES.items():
            print(name, case)
        return
    print(HEADER)
    found = []
    for name in arguments.case:
        found.append({"case": name, **measure(CASES[name])})
        print(_line(found[-1]), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    print(
        "GiB a chip; compile: seconds of processor time, by the clock in JSON; recv: "
        "results of collectives; gather: the largest single one, MB; MFU: "
        "the most that the bound allows."
    )


def measure(case: Case) -> dict[str, Any]:
    """Compiles a case; returns its figures."""
    import shapes

    from xltransfer.partitioning import Partitioning
    from xltransfer.topology import machine
    from xltransfer.topology.step import train_step
    from xltransfer.train import Program

    there = machine.find(case.topology)
    partitioning = Partitioning(
        RULES,
        fsdp=case.fsdp,
        scan=True,
        remat=case.remat,
        devices=there.devices,
    )
    objective, optimizer, batch = shapes.training(
        case.model, case.rows * len(there.devices), "bfloat16"
    )
    program = Program(
        objective, optimizer, 1000, partitioning, case.microbatches
    )
    start, processor = time.perf_counter(), time.process_time()
    step = train_step(program, batch, there.chip)
    figures = dataclasses.asdict(step)
    seconds = step.seconds
    return figures | {
        **dataclasses.asdict(case),
        "chips": len(there.devices),
        "compile_seconds": time.perf_counter() - start,
        "compile_processor_seconds": time.process_time() - processor,
        "total_bytes": step.total_bytes,
        "headroom": step.headroom,
        "bounds": step.bounds,
        "seconds": seconds,
        "mfu_bound": seconds and step.bounds["compute"] / seconds,
    }


def _line(found: dict[str, Any]) -> str:
    def gib(key: str) -> str:
        value = found[key]
        return "?" if value is None else f"{value / 2**30:.3f}"

    received = sum(size for _, size in found["exchanged"])
    seconds, bounds = found["seconds"], found["bounds"]
    free = f"{found['headroom']:.0%}"
    return (
        f"{found['case']:<19}{found['chips']:>6}{found['fsdp']:>5}"
        f"{found['remat']:>6}{found['compile_processor_seconds']:>8.0f}s"
        f"{gib('parameter_bytes'):>8}{gib('optimizer_bytes'):>8}"
        f"{gib('temporary_bytes'):>8}{gib('total_bytes'):>8}{free:>7}"
        f"{found['flops'] / 1e12:>8.2f}{found['sent'] / 1e6:>9.0f}"
        f"{received / 1e6:>9.0f}{found['largest_gather'] / 1e6:>8.1f}"
        + (
            f"{seconds * 1e3:>8.1f}{max(bounds, key=bounds.get):>9}"
            f"{found['mfu_bound']:>6.0%}"
            if seconds
            else ""
        )
    )


if __name__ == "__main__":
    main()

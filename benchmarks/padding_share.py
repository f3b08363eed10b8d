"""How much of the training batches on real NLI is padding.

    XLTRANSFER_DATA_DIR=... python benchmarks/padding_share.py

The share of places without a token, over consecutive training batches of two
mixtures: packed, for several numbers of devices (B is a multiple of it), and,
for comparison, one example a row of the full length (padded) and of the
longest example of the batch (dynamic).
"""

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np
import options

import tasks
from tasks.vocabularies import TrainedVocabulary, load
from xltransfer.data import cache as caches
from xltransfer.data.cache import Cache
from xltransfer.data.features import EncoderClassification
from xltransfer.data.loader import TrainingBatches

# What counts is how short a language's pieces are, so all train the pieces.
VOCABULARY = TrainedVocabulary("xlmr", 16000, ("text",), lines=2000)
MIXTURES = {
    "English pool": (("snli.en", "train"), ("conjnli.en", "train")),
    "XNLI, 15 languages": tuple(
        (name, "dev") for name, _ in tasks.mixture("xnli").components
    ),
}


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.cache_dir or Path(temporary)
        records = [
            record
            for mixture, parts in MIXTURES.items()
            for record in measure(mixture, parts, folder, arguments)
        ]
    report(records)
    if arguments.json:
        arguments.json.write_text(json.dumps(records, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--devices", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--batches", type=int, default=500)
    return parser.parse_args()


def measure(
    mixture: str,
    parts: tuple[tuple[str, str], ...],
    folder: Path,
    arguments: argparse.Namespace,
) -> list[dict]:
    """Returns a record for each way to make batches of a mixture."""
    pieces = load(VOCABULARY, folder, arguments.data_dir)
    components = tuple(
        (cache, float(cache.size))
        for cache in (_cache(*part, folder, arguments) for part in parts)
    )
    features = EncoderClassification(pieces.pad_id)
    records = []
    for devices in arguments.devices:
        batches = TrainingBatches(
            components,
            features,
            arguments.batch_size,
            (arguments.length,),
            seed=0,
            multiple=devices,
            lengthen=True,
        )
        records.append(
            {
                "mixture": mixture,
                "batches": f"packed, {devices} devices",
                "row": batches.capacity.lengths[0],
                "heights": batches.heights,
                "padding": _packed(batches, arguments.batches),
            }
        )
    lengths = _drawn_lengths(batches, arguments.batches)
    for name, columns in (
        ("padded", np.full(len(lengths), arguments.length)),
        ("dynamic", lengths.max(axis=1)),
    ):
        share = 1 - lengths.sum() / (columns.sum() * lengths.shape[1])
        records.append({"mixture": mixture, "batches": name, "padding": share})
    return records


def _cache(
    dataset: str, split: str, folder: Path, arguments: argparse.Namespace
) -> Cache:
    request = caches.Request(
        tasks.dataset(dataset),
        split,
        "encoder",
        VOCABULARY,
        (("tokens", arguments.length),),
    )
    return caches.prepare(request, folder, arguments.data_dir)


def _packed(batches: TrainingBatches, count: int) -> float:
    found = [batches.batch(number, np.arange) for number in range(count)]
    places = sum(packed.places for packed in found)
    return 1 - sum(packed.tokens for packed in found) / places


def _drawn_lengths(batches: TrainingBatches, count: int) -> np.ndarray:
    """Returns the lengths of the examples of each batch: Int[batches N]."""
    padded = dataclasses.replace(batches, packed=False, multiple=1)
    found = (padded.batch(number, np.arange) for number in range(count))
    return np.stack([(one.arrays["segment_ids"] > 0).sum(1) for one in found])


def report(records: list[dict]) -> None:
    """Prints one table."""
    print(f"{'mixture':20} {'batches':18} {'padding':>8} {'row':>4}  heights")
    for record in records:
        heights = ", ".join(map(str, record.get("heights", ())))
        print(
            f"{record['mixture']:20} {record['batches']:18} "
            f"{record['padding']:8.1%} {record.get('row', ''):4}  {heights}"
        )


if __name__ == "__main__":
    main()

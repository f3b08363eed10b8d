"""Caches written by hand, without SeqIO: what the data path is tested on."""

import json
from pathlib import Path

import numpy as np

from xltransfer.data.cache import Cache, open_cache

# fairseq's ids: <s> 0, <pad> 1, </s> 2, <unk> 3, <mask> last.
VOCABULARY = 67
MASK = VOCABULARY - 1
SPECIAL = (0, 1, 2, 3, MASK)
# T5's: <pad> 0, </s> 1, <unk> 2, 100 sentinels last.
TEXT_VOCABULARY = 167
ANSWERS = ((11, 1), (12, 13, 1), (14, 1))


def write(
    directory: Path,
    sequences: dict[str, list[np.ndarray]],
    labels: np.ndarray | None = None,
    name: str = "small.en",
) -> Cache:
    """Writes and opens a cache of ragged sequences and, maybe, labels."""
    directory.mkdir(parents=True)
    for feature, ragged in sequences.items():
        offsets = np.cumsum([0, *map(len, ragged)])
        np.save(directory / f"{feature}.offsets.npy", offsets)
        flat = np.concatenate(ragged).astype(np.uint16)
        np.save(directory / f"{feature}.npy", flat)
    if labels is not None:
        np.save(directory / "label.npy", labels.astype(np.uint16))
    manifest = {
        "key": {"split": "dev", "version": 1, "source": "made by hand"},
        "dataset": name,
        "labels": ["entailment", "neutral", "contradiction"],
        "metrics": ["accuracy"],
        "answers": ANSWERS,
        "features": [*sequences, *(["label"] if labels is not None else [])],
        "sequences": sorted(sequences),
        "size": len(ragged),
    }
    (directory / "manifest.json").write_text(json.dumps(manifest))
    return open_cache(directory)


def pairs(directory: Path, size: int, seed: int = 0) -> Cache:
    """`<s> p </s></s> h </s>`, from 6 to 20 tokens, and a label."""
    random = np.random.default_rng(seed)
    tokens = [
        np.array([0, *_words(random, 8), 2, 2, *_words(random, 8), 2])
        for _ in range(size)
    ]
    return write(directory, {"tokens": tokens}, random.integers(3, size=size))


def windows(directory: Path, size: int, seed: int = 0) -> Cache:
    """`<s> window </s>`, from 3 to 22 tokens."""
    random = np.random.default_rng(seed)
    tokens = [np.array([0, *_words(random, 20), 2]) for _ in range(size)]
    return write(directory, {"tokens": tokens})


def bare_windows(directory: Path, size: int, seed: int = 0) -> Cache:
    """Windows of pieces for span corruption, from 1 to 20 tokens."""
    random = np.random.default_rng(seed)
    tokens = [_words(random, 20) for _ in range(size)]
    return write(directory, {"tokens": tokens})


def text_pairs(directory: Path, size: int, seed: int = 0) -> Cache:
    """Inputs of 2 to 19 tokens, one of the answers as target, the label."""
    random = np.random.default_rng(seed)
    inputs = [np.array([*_words(random, 18), 1]) for _ in range(size)]
    labels = random.integers(3, size=size)
    targets = [np.array(ANSWERS[label]) for label in labels]
    return write(directory, {"inputs": inputs, "targets": targets}, labels)


def questions(directory: Path, size: int, seed: int = 0) -> Cache:
    """2 to 4 choices, `<s> prompt </s></s> choice </s>` of 6 to 16 tokens."""
    random = np.random.default_rng(seed)
    tokens, lengths, labels = [], [], []
    for _ in range(size):
        prompt = _words(random, 8)
        choices = [
            np.array([0, *prompt, 2, 2, *_words(random, 4), 2])
            for _ in range(random.integers(2, 5))
        ]
        tokens.append(np.concatenate(choices))
        lengths.append(np.array([len(choice) for choice in choices]))
        labels.append(random.integers(len(choices)))
    return write(
        directory,
        {"tokens": tokens, "choice_lengths": lengths},
        np.array(labels),
    )


def _words(random: np.random.Generator, most: int) -> np.ndarray:
    """Ids that are special in neither family."""
    return random.integers(4, MASK, size=random.integers(1, most + 1))

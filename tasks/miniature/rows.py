"""What rows of the miniature world have in common."""

from collections.abc import Callable, Iterator
from typing import Any

from tasks.miniature.lexicon import LANGUAGES
from tasks.row import Dataset, Split
from tasks.sources.generated import Generated

TRAIN, DEV, TEST = 2_000, 300, 300


def family(
    name: str,
    generator: Callable[..., Iterator[dict[str, Any]]],
    sizes: tuple[tuple[str, int], ...] = (
        ("train", TRAIN),
        ("dev", DEV),
        ("test", TEST),
    ),
    version: int = 1,
    **facts: Any,
) -> tuple[Dataset, ...]:
    """Returns a dataset for each language, its splits parallel to the others'.

    Args:
      name: of the family; the language's code follows.
      generator: of `language`, `seed`, `size` and `part`.
      sizes: names of splits and numbers of examples.
      version: raised whenever the generator yields something else.
      facts: further fields of the rows.
    """
    return tuple(
        Dataset(
            name=f"{name}.{language}",
            language=language,
            splits=tuple(
                Split(
                    part,
                    _generated(generator, language, seed, size, part, version),
                    size,
                )
                for seed, (part, size) in enumerate(sizes)
            ),
            licence="generated",
            translation="generated",
            **facts,
        )
        for language in LANGUAGES
    )


def _generated(
    generator: Callable[..., Iterator[dict[str, Any]]],
    language: str,
    seed: int,
    size: int,
    part: str,
    version: int,
) -> Generated:
    # Equal seeds in all languages make their splits parallel.
    return Generated(
        generator,
        (
            ("language", language),
            ("seed", seed),
            ("size", size),
            ("part", part),
        ),
        version,
    )

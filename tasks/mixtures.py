"""Datasets taken together, each at a rate, without TensorFlow."""

from collections.abc import Iterable
from dataclasses import dataclass

from tasks import language_modeling, miniature, nli
from tasks.row import Dataset

# XLM-R's smoothing of the differences between languages' amounts of text
# (Conneau et al. 2020, section 3): a language's rate is its size ** 0.3.
XLMR_SMOOTHING = 0.3


@dataclass(frozen=True)
class Mixture:
    """Datasets by name, each with its rate; rates need not sum to one."""

    name: str
    components: tuple[tuple[str, float], ...]


def training(
    name: str, datasets: Iterable[Dataset], exponent: float = 1.0
) -> Mixture:
    """Mixes by number of training examples, raised to `exponent`.

    With 1.0 these are the rates of `seqio.mixing_rate_num_examples`; another
    exponent is the inverse of its temperature.
    """
    return Mixture(
        name,
        tuple(
            (row.name, float(row.split("train").size) ** exponent)
            for row in datasets
        ),
    )


def evaluation(name: str, datasets: Iterable[Dataset]) -> Mixture:
    """Takes datasets together to be evaluated, each at the rate 1."""
    return Mixture(name, tuple((row.name, 1.0) for row in datasets))


def _families(datasets: Iterable[Dataset]) -> dict[str, list[Dataset]]:
    """Groups datasets by their name before the dot."""
    families: dict[str, list[Dataset]] = {}
    for row in datasets:
        families.setdefault(row.name.split(".")[0], []).append(row)
    return families


ENGLISH_NLI = (nli.SNLI, nli.CONJNLI)
NON_ENGLISH_NLI = (nli.OCNLI, nli.INDONLI, nli.FARSTAIL)

MIXTURES: dict[str, Mixture] = {
    mixture.name: mixture
    for mixture in (
        training("nli_english", ENGLISH_NLI),
        training("nli_non_english", NON_ENGLISH_NLI),
        training("nli_all", (*ENGLISH_NLI, *NON_ENGLISH_NLI)),
        evaluation("xnli", nli.XNLI),
        training(
            "miniature_inference_en_hi",
            (
                row
                for row in miniature.inference.CAPTIONS
                if row.language in ("en", "hi")
            ),
        ),
        training("miniature_all_text", miniature.text.DATASETS),
        # Every problem that is trained, in one language.
        *(
            training(f"miniature_all_{code}", miniature.problems(code))
            for code in ("en", "hi")
        ),
        training("text", language_modeling.DATASETS, XLMR_SMOOTHING),
        # One for each of the miniature's families: its languages, equal in
        # size.
        *(
            evaluation(name, rows)
            for name, rows in _families(miniature.DATASETS).items()
        ),
    )
}

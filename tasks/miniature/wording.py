"""What the text rendering says around the world's own words.

A published vocabulary knows English; one that is trained on the miniature's
text would spell `premise:` and `PROPN` letter by letter. It is trained on these
lines too.
"""

from collections.abc import Iterator

from tasks.miniature import inference, tags
from tasks.problems.multiple_choice import LETTERS
from tasks.row import Dataset, Split
from tasks.sources.generated import Generated


def wording(times: int) -> Iterator[dict[str, str]]:
    """Yields templates, and what is answered in them, so many times."""
    choices = " ".join(f"({letter}) {letter}" for letter in LETTERS[:4])
    lines = (
        *(row.template for row in (inference.NLI[0], inference.CAPTIONS[0])),
        " ".join(inference.NLI[0].text_labels),
        f"choice: question: choices: {choices}",
        "question: context:",
        *(row.template for row in (tags.POS[0], tags.NER[0])),
        " ".join(tags.POS[0].labels),
        "PER: $$ LOC: None",
    )
    for _ in range(times):
        for line in lines:
            plain = line.format(premise="", hypothesis="", words="")
            yield {"text": " ".join(plain.split())}


_TIMES = 200
WORDING = Dataset(
    name="miniature_wording.mul",
    problem="language_modeling",
    language="mul",
    splits=(Split("train", Generated(wording, (("times", _TIMES),))),),
    metrics=(),
    licence="generated",
    translation="generated",
)
DATASETS = (WORDING,)

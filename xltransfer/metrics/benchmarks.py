"""XTREME and XTREME-R: their tasks, languages, files and metrics, as a table.

Languages are in the order of google-research/xtreme's evaluate.py, whose sums
they repeat to the last digit. LAReQA's list is empty there; it is that of the
files of LAReQA's XQuAD-R.

Sources: evaluate.py; Hu et al. 2020 (XTREME), Ruder et al. 2021 (XTREME-R).
"""

import dataclasses

XTREME = "xtreme"
XTREME_R = "xtreme_r"


@dataclasses.dataclass(frozen=True)
class Task:
    """A task of one or both benchmarks.

    Attributes:
      name: as its folder of predictions is called.
      title: as papers call it.
      layout: of its files, a name in `submission.formats.FORMATS`.
      metric: a name in `metrics.METRICS`; `{language}` stands for the code.
      averaged: what enters the aggregate, the mean of these.
      xtreme: the languages of XTREME; none if the task is no part of it.
      xtreme_r: the languages of XTREME-R.
      labels: what a line may say, where that is known.
      pooled: whether all languages' questions have the same weight, and not
        all languages.
      single: whether a question has one right candidate only.
    """

    name: str
    title: str
    layout: str
    metric: str
    averaged: tuple[str, ...]
    xtreme: tuple[str, ...] = ()
    xtreme_r: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    pooled: bool = False
    single: bool = False

    def languages(self, benchmark: str) -> tuple[str, ...]:
        """Returns the task's languages in a benchmark."""
        return {XTREME: self.xtreme, XTREME_R: self.xtreme_r}[benchmark]

    @property
    def known_languages(self) -> tuple[str, ...]:
        """The task's languages in either benchmark."""
        return tuple(dict.fromkeys((*self.xtreme, *self.xtreme_r)))


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """A benchmark; its overall score is the mean over tasks, not groups."""

    name: str
    title: str
    groups: dict[str, tuple[str, ...]]

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(task for group in self.groups.values() for task in group)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_XNLI = _words("ar bg de el en es fr hi ru sw th tr ur vi zh")
_UDPOS = _words(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru "
    "ta te th tl tr ur vi yo zh"
)
_PANX = _words(
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt "
    "es bg ru ja ka ko th sw yo my zh kk tr et fi hu"
)
_TATOEBA = _words(
    "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg "
    "ru ja ka ko th sw zh kk tr et fi hu"
)
_XQUAD = ("en", "es", "de", "el", "ru", "tr", "ar", "vi", "th", "zh", "hi")
_MLQA = ("en", "es", "de", "ar", "hi", "vi", "zh")
_TYDIQA = ("en", "ar", "bn", "fi", "id", "ko", "ru", "sw", "te")
UPOS = _words(
    "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM "
    "VERB X"
)
NER = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
_ANSWERS = ("exact_match", "f1")

_TABLE = (
    Task(
        name="xnli",
        title="XNLI",
        layout="labels",
        metric="accuracy",
        averaged=("accuracy",),
        xtreme=_XNLI,
        xtreme_r=_XNLI,
        labels=("entailment", "neutral", "contradiction"),
    ),
    Task(
        name="pawsx",
        title="PAWS-X",
        layout="labels",
        metric="accuracy",
        averaged=("accuracy",),
        xtreme=("de", "en", "es", "fr", "ja", "ko", "zh"),
        labels=("0", "1"),
    ),
    Task(
        name="xcopa",
        title="XCOPA",
        layout="choices",
        metric="accuracy",
        averaged=("accuracy",),
        xtreme_r=_words("et ht id it qu sw ta th tr vi zh"),
        labels=("0", "1"),
    ),
    Task(
        name="udpos",
        title="UD-POS",
        layout="tags",
        metric="udpos",
        averaged=("f1",),
        xtreme=_UDPOS,
        xtreme_r=(*_UDPOS, "lt", "pl", "uk", "wo", "ro"),
        labels=UPOS,
    ),
    Task(
        name="panx",
        title="PAN-X",
        layout="tags",
        metric="panx",
        averaged=("f1",),
        xtreme=_PANX,
        xtreme_r=(*_PANX, "qu", "pl", "uk", "az", "lt", "pa", "gu", "ro"),
        labels=NER,
    ),
    Task(
        name="xquad",
        title="XQuAD",
        layout="answers",
        metric="squad",
        averaged=_ANSWERS,
        xtreme=_XQUAD,
        xtreme_r=(*_XQUAD, "ro"),
    ),
    Task(
        name="mlqa",
        title="MLQA",
        layout="answers",
        metric="mlqa_{language}",
        averaged=_ANSWERS,
        xtreme=_MLQA,
        xtreme_r=_MLQA,
    ),
    Task(
        name="tydiqa",
        title="TyDiQA-GoldP",
        layout="answers",
        metric="squad",
        averaged=_ANSWERS,
        xtreme=_TYDIQA,
        xtreme_r=_TYDIQA,
    ),
    Task(
        name="bucc2018",
        title="BUCC 2018",
        layout="pairs",
        metric="bucc",
        averaged=("f1",),
        xtreme=("de", "fr", "ru", "zh"),
    ),
    Task(
        name="tatoeba",
        title="Tatoeba",
        layout="positions",
        metric="tatoeba",
        averaged=("accuracy",),
        xtreme=_TATOEBA,
        xtreme_r=(*_TATOEBA, "az", "lt", "pl", "uk", "ro"),
    ),
    Task(
        name="mewslix",
        title="Mewsli-X",
        layout="rankings",
        metric="map@20",
        averaged=("map@20",),
        xtreme_r=_words("ar de en es fa ja pl ro ta tr uk"),
        single=True,
    ),
    Task(
        name="lareqa",
        title="LAReQA",
        layout="rankings",
        metric="map@20",
        averaged=("map@20",),
        xtreme_r=_words("ar de el en es hi ru th tr vi zh"),
        pooled=True,
    ),
)
TASKS: dict[str, Task] = {task.name: task for task in _TABLE}

BENCHMARKS: dict[str, Benchmark] = {
    one.name: one
    for one in (
        Benchmark(
            XTREME,
            "XTREME",
            {
                "classification": ("pawsx", "xnli"),
                "tagging": ("udpos", "panx"),
                "qa": ("xquad", "mlqa", "tydiqa"),
                "retrieval": ("bucc2018", "tatoeba"),
            },
        ),
        # The leaderboard's groups. evaluate.py leaves LAReQA out of its own,
        # and has XCOPA in a second one.
        Benchmark(
            XTREME_R,
            "XTREME-R",
            {
                "classification": ("xnli", "xcopa"),
                "tagging": ("udpos", "panx"),
                "qa": ("xquad", "mlqa", "tydiqa"),
                "retrieval": ("tatoeba", "mewslix", "lareqa"),
            },
        ),
    )
}

"""Extractive question answering in other languages than English.

Written in the language itself, but for the translations of SQuAD at the end.
"""

from functools import partial

from tasks.row import Dataset, Split
from tasks.sources import NestedLines, Placed, QuestionLines, Source, SquadJson

_span = partial(Dataset, problem="span", metrics=("squad",))


def _row(
    name: str,
    files: dict[str, tuple[str, int | None]],
    citation: str,
    url: str,
    licence: str,
    **facts: object,
) -> Dataset:
    """Makes a row of SQuAD's JSON: by split a file and its questions."""
    return _span(
        name=name,
        language=name.split(".")[1],
        splits=tuple(
            Split(split, SquadJson(path), size)
            for split, (path, size) in files.items()
        ),
        citation=citation,
        url=url,
        licence=licence,
        **facts,
    )


ARCD = _row(
    "arcd.ar",
    {
        "train": ("arcd/arcd-train.json", 693),
        "test": ("arcd/arcd-test.json", 702),
    },
    "Mozannar et al. 2019, ARCD",
    "https://github.com/husseinmozannar/SOQAL",
    "MIT",
)

# 200 of the dev set's 9,657 answers do not lie where the file says.
CMRC2018 = _row(
    "cmrc2018.zh",
    {
        "train": ("cmrc2018/squad-style-data/cmrc2018_train.json", 10142),
        "dev": ("cmrc2018/squad-style-data/cmrc2018_dev.json", 3219),
        "test": ("cmrc2018/squad-style-data/cmrc2018_trial.json", 1002),
    },
    "Cui et al. 2019, CMRC 2018",
    "https://github.com/ymcui/cmrc2018",
    "CC BY-SA 4.0",
)

# In traditional characters.
DRCD = _row(
    "drcd.zh",
    {
        "train": ("drcd/DRCD_training.json", 26936),
        "dev": ("drcd/DRCD_dev.json", 3524),
        "test": ("drcd/DRCD_test.json", 3493),
    },
    "Shao et al. 2018, DRCD",
    "https://github.com/DRCKnowledgeTeam/DRCD",
    "CC BY-SA 3.0",
)

KORQUAD = _row(
    "korquad.ko",
    {
        "train": ("korquad/KorQuAD_v1.0_train.json", 60407),
        "dev": ("korquad/KorQuAD_v1.0_dev.json", 5774),
    },
    "Lim et al. 2019, KorQuAD 1.0",
    "https://korquad.github.io/",
    "CC BY-ND 2.0 KR",
)

KLUE_MRC = _row(
    "klue_mrc.ko",
    {
        "train": ("klue_mrc/klue-mrc-v1.1_train.json", 17554),
        "dev": ("klue_mrc/klue-mrc-v1.1_dev.json", 5841),
    },
    "Park et al. 2021, KLUE",
    "https://github.com/KLUE-benchmark/KLUE",
    "CC BY-SA 4.0",
    metrics=("squad_v2",),
)

JSQUAD = _row(
    "jsquad.ja",
    {
        "train": ("jglue/jsquad-v1.3/train-v1.3.json", 62859),
        "dev": ("jglue/jsquad-v1.3/valid-v1.3.json", 4442),
    },
    "Kurihara et al. 2022, JGLUE",
    "https://github.com/yahoojapan/JGLUE",
    "CC BY-SA 4.0",
)

SBERQUAD = _row(
    "sberquad.ru",
    {
        "train": ("sberquad/train.json", 45328),
        "dev": ("sberquad/dev.json", 5036),
        "test": ("sberquad/test.json", 23936),
    },
    "Efimov et al. 2020, SberQuAD",
    "https://huggingface.co/datasets/kuznetsoffandrey/sberquad",
    "none stated",
)

# Sizes are published in paragraphs.
FQUAD = _row(
    "fquad.fr",
    {
        "train": ("fquad/train.json", None),
        "dev": ("fquad/valid.json", None),
    },
    "d'Hoffschmidt et al. 2020, FQuAD",
    "https://fquad.illuin.tech/",
    "CC BY-NC-SA 3.0",
)

PIAF = _row(
    "piaf.fr",
    {"train": ("piaf/piaf-v1.0.json", 3835)},
    "Keraron et al. 2020, PIAF",
    "https://piaf.etalab.studio/",
    "MIT",
)

GERMANQUAD = _row(
    "germanquad.de",
    {
        "train": ("germanquad/GermanQuAD_train.json", 11518),
        "test": ("germanquad/GermanQuAD_test.json", 2204),
    },
    "Möller et al. 2021, GermanQuAD",
    "https://huggingface.co/datasets/deepset/germanquad",
    "CC BY 4.0",
)


def _lines(
    path: str, keys: tuple[tuple[str, str], ...], **sizes: tuple[str, int]
) -> tuple[Split, ...]:
    def source(name: str) -> Source:
        return QuestionLines(f"{path}/{name}.jsonl", keys)

    return tuple(
        Split(split, source(name), size)
        for split, (name, size) in sizes.items()
    )


THAIQA = _span(
    name="thaiqa_squad.th",
    language="th",
    splits=_lines(
        "thaiqa_squad",
        (
            ("id", "question_id"),
            ("answers", "answer"),
            ("start", "answer_begin_position"),
        ),
        train=("train", 4000),
        dev=("dev", 74),
    ),
    citation="NECTEC and PyThaiNLP 2021, thaiqa_squad",
    url="https://github.com/PyThaiNLP/thaiqa_squad",
    licence="CC BY-NC-SA 3.0",
)

IAPP_WIKI_QA = _span(
    name="iapp_wiki_qa.th",
    language="th",
    splits=_lines(
        "iapp_wiki_qa_squad",
        (("id", "question_id"),),
        train=("train", 5761),
        dev=("valid", 742),
        test=("test", 739),
    ),
    citation="Viriyayudhakorn and Polpanumas 2021, iapp_wiki_qa_squad",
    url="https://github.com/iapp-technology/iapp-wiki-qa-dataset",
    licence="MIT",
)

PARSINLU_READING = _span(
    name="parsinlu_reading.fa",
    language="fa",
    splits=_lines(
        "parsinlu_reading_comprehension",
        (("context", "passage"),),
        train=("train", 600),
        dev=("dev", 125),
        test=("eval", 575),
    ),
    citation="Khashabi et al. 2021, ParsiNLU",
    url="https://github.com/persiannlp/parsinlu",
    licence="CC BY-NC-SA 4.0",
)

# Translations of SQuAD: their dev sets hold XQuAD's passages, and their train
# sets are those of the targets that are trained on SQuAD.
_translated = partial(
    _row, overlap=("xquad", "mlqa", "lareqa"), translation="machine"
)

SQUAD_ES = _translated(
    "squad_es.es",
    {
        "train": ("squad_es/train-v1.1-es.json", 87595),
        "dev": ("squad_es/dev-v1.1-es.json", 10570),
    },
    "Carrino et al. 2020, Translate Align Retrieve",
    "https://github.com/ccasimiro88/TranslateAlignRetrieve",
    "CC BY 4.0",
)

# The smaller of the two files, without answers that were aligned badly.
SQUAD2_ES = _translated(
    "squad2_es.es",
    {"dev": ("squad_es/dev-v2.0-es_small.json", 7134)},
    "Carrino et al. 2020, Translate Align Retrieve",
    "https://github.com/ccasimiro88/TranslateAlignRetrieve",
    "CC BY-SA 4.0",
    metrics=("squad_v2",),
)

SQUAD_IT = _translated(
    "squad_it.it",
    {
        "train": ("squad_it/SQuAD_it-train.json.gz", 54159),
        "dev": ("squad_it/SQuAD_it-test.json.gz", 7609),
    },
    "Croce et al. 2018, SQuAD-it",
    "https://github.com/crux82/squad-it",
    "CC BY-SA 4.0",
)

SQUAD_PT = _translated(
    "squad_pt.pt",
    {
        "train": ("squad_pt/squad-train-v1.1.json", 87599),
        "dev": ("squad_pt/squad-dev-v1.1.json", 10570),
    },
    "Carvalho 2020, SQuAD v1.1 in Portuguese",
    "https://github.com/nunorc/squad-v1.1-pt",
    "MIT",
)


def _rucos_file(part: str) -> Placed:
    queries = NestedLines(
        f"russian_super_glue/RuCoS/{part}.jsonl",
        (
            ("id", "1.idx"),
            ("question", "1.query"),
            ("context", "0.passage.text"),
            ("answers", "1.answers.*.text"),
            ("starts", "1.answers.*.start"),
        ),
        inner=("qas",),
        integers=("id", "starts"),
    )
    return Placed(queries)


# Which name of the text does `@placeholder` stand for?
RUCOS = _span(
    name="rucos.ru",
    language="ru",
    splits=(
        Split("train", _rucos_file("train"), 72193),
        Split("dev", _rucos_file("val"), 7577),
    ),
    citation="Fenogenova et al. 2020, RuCoS",
    url="https://russiansuperglue.com",
    licence="MIT",
)

# Turns of dialogues, each asked here as if it stood alone.
ELKARHIZKETAK = _row(
    "elkarhizketak.eu",
    {
        part: (f"elkarhizketak/elkarhizketak-{part}-v1.0.json", None)
        for part in ("train", "dev", "test")
    },
    "Otegi et al. 2020, ElkarHizketak",
    "http://ixa.si.ehu.es/node/12934",
    "CC BY-SA 4.0",
)

NATIVE = (
    *(ARCD, CMRC2018, DRCD, KORQUAD, KLUE_MRC, JSQUAD, SBERQUAD, FQUAD),
    *(PIAF, GERMANQUAD, THAIQA, IAPP_WIKI_QA, PARSINLU_READING),
    *(ELKARHIZKETAK, RUCOS),
)
TRANSLATED = (SQUAD_ES, SQUAD2_ES, SQUAD_IT, SQUAD_PT)

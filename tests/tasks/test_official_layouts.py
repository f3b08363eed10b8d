"""Rows whose files are not at hand read the layout of the official archives.

Each sample is a line or two as the dataset's own distribution has them.
"""

import json
from pathlib import Path

import pytest

import tasks
from tasks import problems

SNLI_LIKE = json.dumps(
    {
        "annotator_labels": ["neutral"],
        "gold_label": "neutral",
        "pairID": "1",
        "sentence1": "P",
        "sentence2": "H",
        "sentence1_parse": "(P)",
    }
)
ARC_LIKE = {
    "id": "1",
    "question": {
        "stem": "Q",
        "choices": [
            {"label": letter, "text": letter.lower()} for letter in "ABCDE"
        ],
    },
    "answerKey": "C",
}
COPA_LIKE = json.dumps(
    {
        "premise": "P.",
        "choice1": "x",
        "choice2": "y",
        "question": "cause",
        "label": 1,
        "idx": 0,
    }
)
PAIR = ("P", "H")
LETTERS = ["a", "b", "c", "d", "e"]
# Dataset and split, its files, the first example: premise, hypothesis, class;
# or prompt, choices, number; or id, question, context,
# answers, where the first one begins and ends.
SAMPLES = {
    ("xnli_mt.de", "train"): (
        {
            "xnli_mt/XNLI-MT-1.0/multinli/multinli.train.de.tsv": (
                "premise\thypo\tlabel\nP\tH\tcontradictory\n"
            )
        },
        (*PAIR, 2),
    ),
    ("xnli_translated.de", "train"): (
        {
            "xtreme_translations/XNLI/translate-train/"
            "en-de-translated.tsv": "p\th\tP\tH\tentailment\n"
        },
        (*PAIR, 0),
    ),
    ("mnli.en", "dev"): (
        {"mnli/multinli_1.0/multinli_1.0_dev_matched.jsonl": SNLI_LIKE},
        (*PAIR, 1),
    ),
    ("snli_1_0.en", "train"): (
        {
            "snli/snli_1.0/snli_1.0_train.jsonl": SNLI_LIKE.replace(
                '"neutral"', '"-"'
            )
            + f"\n{SNLI_LIKE}\n"
        },
        (*PAIR, 1),
    ),
    ("anli_r2.en", "train"): (
        {
            "anli/anli_v0.1/R2/train.jsonl": json.dumps(
                {"uid": "1", "context": "P", "hypothesis": "H", "label": "c"}
            )
        },
        (*PAIR, 2),
    ),
    ("kornli_mnli.ko", "train"): (
        {
            "kornli/multinli.train.ko.tsv": (
                "sentence1\tsentence2\tgold_label\nP\tH\tneutral\n"
            )
        },
        (*PAIR, 1),
    ),
    ("jsnli.ja", "train"): (
        {"jsnli/jsnli_1.1/train_w_filtering.tsv": "entailment\tP\tH\n"},
        (*PAIR, 0),
    ),
    ("assin.pt", "train"): (
        {
            f"assin/assin-{variety}-train.xml": (
                '<entailment-corpus><pair entailment="Paraphrase" id="1" '
                'similarity="5"><t>P</t><h>H</h></pair></entailment-corpus>'
            )
            for variety in ("ptbr", "ptpt")
        },
        (*PAIR, 2),
    ),
    ("wrete.id", "test"): (
        {
            "wrete/test_preprocess.csv": (
                ",sent_A,sent_B,category,label\n"
                '0,P,"H",x,Entail_or_Paraphrase\n'
            )
        },
        (*PAIR, 0),
    ),
    ("hda_nli.hi", "dev"): (
        {
            "hindi_nli/HDA/HDA_recasted_dev.tsv": (
                "premise\thypothesis\tlabel\ttopic\nP\tH\tnot-entailed\t2\n"
            )
        },
        (*PAIR, 1),
    ),
    ("newsph_nli.tl", "train"): (
        {"newsph_nli/newsph-nli/train.csv": 's1,s2,label\n"P",H,1\n'},
        (*PAIR, 1),
    ),
    ("cdsc.pl", "train"): (
        {
            "cdsc/train.tsv": (
                "pair_ID\tsentence_A\tsentence_B\tentailment_judgment\n"
                "1\tP\tH\tCONTRADICTION\n"
            )
        },
        (*PAIR, 2),
    ),
    ("terra.ru", "train"): (
        {
            "russian_super_glue/TERRa/train.jsonl": json.dumps(
                {
                    "premise": "P",
                    "hypothesis": "H",
                    "label": "not_entailment",
                    "idx": 0,
                }
            )
        },
        (*PAIR, 1),
    ),
    ("parsinlu_entailment.fa", "test"): (
        {
            "parsinlu_entailment/test.csv": (
                'id,sent1,sent2,label,category\n1,P,"H",c,natural\n'
            )
        },
        (*PAIR, 2),
    ),
    ("pawsx_translated.de", "train"): (
        {
            "pawsx/x-final/de/translated_train.tsv": (
                "id\tsentence1\tsentence2\tlabel\n1\tNS\tH\t0\n2\tP\tH\t1\n"
            )
        },
        (*PAIR, 1),
    ),
    ("qqp.en", "train"): (
        {
            "qqp/QQP/train.tsv": (
                "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
                "0\t1\t2\tcut\n1\t3\t4\tP\tH\t1\n"
            )
        },
        (*PAIR, 1),
    ),
    ("kobest_boolq.ko", "train"): (
        {
            "kobest/v1.0/BoolQ/train.tsv": (
                "ID\tText\tQuestion\tAnswer\n1\tP\tH\tTrue\n"
            )
        },
        (*PAIR, 1),
    ),
    ("danetqa.ru", "train"): (
        {
            "russian_super_glue/DaNetQA/train.jsonl": json.dumps(
                {"passage": "P", "question": "H", "label": True, "idx": 0}
            )
        },
        (*PAIR, 1),
    ),
    ("muserc.ru", "train"): (
        {
            "russian_super_glue/MuSeRC/train.jsonl": json.dumps(
                {
                    "idx": 0,
                    "passage": {
                        "text": "P",
                        "questions": [
                            {
                                "question": "Q?",
                                "idx": 0,
                                "answers": [
                                    {"idx": 0, "text": "a", "label": 0}
                                ],
                            }
                        ],
                    },
                }
            )
        },
        ("P", "Q? a", 0),
    ),
    ("siqa.en", "train"): (
        {
            "siqa/socialiqa-train-dev/train.jsonl": json.dumps(
                {
                    "context": "C.",
                    "question": "Q?",
                    "answerA": "a",
                    "answerB": "b",
                    "answerC": "c",
                }
            ),
            "siqa/socialiqa-train-dev/train-labels.lst": "3\n",
        },
        ("C. Q?", ["a", "b", "c"], 2),
    ),
    ("commonsenseqa.en", "dev"): (
        {"commonsenseqa/dev_rand_split.jsonl": json.dumps(ARC_LIKE)},
        ("Q", LETTERS, 2),
    ),
    ("xcodah.ja", "dev"): (
        {
            "xcsr/X-CSR_datasets/X-CODAH/jap/dev.jsonl": json.dumps(
                ARC_LIKE | {"lang": "jap", "question_tag": "o"}
            )
        },
        ("Q", LETTERS, 2),
    ),
    ("exams.tr", "train"): (
        {
            "exams/data/exams/multilingual/train.jsonl": "\n".join(
                json.dumps(ARC_LIKE | {"answerKey": key, "info": info})
                for key, info in (
                    ("A", {"language": "Polish", "grade": 12}),
                    ("C", {"language": "Turkish", "grade": 12}),
                )
            )
        },
        ("Q", LETTERS, 2),
    ),
    ("parus.ru", "dev"): (
        {"russian_super_glue/PARus/val.jsonl": COPA_LIKE},
        ("P. What was the cause?", ["x", "y"], 1),
    ),
    ("indicglue_copa.hi", "train"): (
        {"indic_glue/copa/hi/train.jsonl": COPA_LIKE},
        ("P. What was the cause?", ["x", "y"], 1),
    ),
    ("kobest_copa.ko", "train"): (
        {
            "kobest/v1.0/COPA/train.tsv": (
                "ID\tsentence\tquestion\t1\t2\tAnswer\n1\tP.\t결과\tx\ty\t2\n"
            )
        },
        ("P. What was the effect?", ["x", "y"], 1),
    ),
    ("kobest_hellaswag.ko", "train"): (
        {
            "kobest/v1.0/HellaSwag/train.tsv": (
                "context\tchoice1\tchoice2\tchoice3\tchoice4\tlabel\n"
                "P\ta\tb\tc\td\t3\n"
            )
        },
        ("P", ["a", "b", "c", "d"], 3),
    ),
    # As `datasets` writes the hub's split: English beside the translation.
    ("nli_26lang.de", "train"): (
        {
            f"nli_26lang/de_{part}.jsonl": json.dumps(
                {
                    "premise_original": "p",
                    "hypothesis_original": "h",
                    "label": 2,
                    "premise": "P",
                    "hypothesis": "H",
                }
            )
            for part in ("anli", "fever", "ling", "mnli", "wanli")
        },
        (*PAIR, 2),
    ),
    ("rucos.ru", "train"): (
        {
            "russian_super_glue/RuCoS/train.jsonl": json.dumps(
                {
                    "source": "Lenta",
                    "passage": {
                        "text": "Anna sees Boris.",
                        "entities": [
                            {"start": 0, "end": 4, "text": "Anna"},
                            {"start": 10, "end": 15, "text": "Boris"},
                        ],
                    },
                    "qas": [
                        {
                            "query": "She saw @placeholder.",
                            "answers": [
                                {"start": 10, "end": 15, "text": "Boris"}
                            ],
                            "idx": 7,
                        }
                    ],
                    "idx": 3,
                }
            )
        },
        ("7", "She saw @placeholder.", "Anna sees Boris.", ["Boris"], 10, 15),
    ),
    # QuAC's: SQuAD's with turns of a dialogue for questions.
    ("elkarhizketak.eu", "train"): (
        {
            "elkarhizketak/elkarhizketak-train-v1.0.json": json.dumps(
                {
                    "data": [
                        {
                            "title": "T",
                            "background": "B",
                            "section_title": "S",
                            "paragraphs": [
                                {
                                    "id": "C_1",
                                    "context": "Anna etxean dago.",
                                    "qas": [
                                        {
                                            "id": "C_1_q#0",
                                            "question": "Non dago?",
                                            "followup": "y",
                                            "yesno": "x",
                                            "answers": [
                                                {
                                                    "text": "etxean",
                                                    "answer_start": 5,
                                                    "input_text": "Etxean.",
                                                }
                                            ],
                                            "orig_answer": {
                                                "text": "etxean",
                                                "answer_start": 5,
                                            },
                                        }
                                    ],
                                }
                            ],
                        }
                    ]
                }
            )
        },
        (
            "C_1_q#0",
            "Non dago?",
            "Anna etxean dago.",
            ["etxean"],
            5,
            11,
        ),
    ),
}


@pytest.mark.parametrize(("name", "split"), SAMPLES)
def test_a_row_reads_the_layout_of_its_archive(name, split, tmp_path):
    files, expected = SAMPLES[name, split]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    row = tasks.dataset(name)
    source = row.split(split).source
    assert {Path(one) for one in source.files(tmp_path)} == {
        tmp_path / path for path in files
    }
    make = problems.canonical(row)
    made = [make(fields, where) for where, fields in source.read(tmp_path)]
    found = next(one for one in made if one is not None)
    assert tuple(found.values()) == expected

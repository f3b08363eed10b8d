"""A small submission for most tasks, with its labels."""

import json
from pathlib import Path

QUESTIONS = [
    {
        "paragraphs": [
            {
                "context": "Ada in Rom",
                "qas": [
                    {"id": "q1", "question": "?", "answers": [{"text": "Rom"}]},
                    {"id": "q2", "question": "?", "answers": [{"text": "Ada"}]},
                ],
            }
        ]
    }
]
ANSWERS = '{\n "q1": "Rom",\n "q2": "Bob"\n}\n'
RANKED = '{\n "m1": ["Q1", "Q2"],\n "m2": ["Q3"]\n}\n'
PREDICTIONS = {
    "xnli/test-sw.tsv": "entailment\nneutral\ncontradiction\n",
    "pawsx/test-de.tsv": "0\n1\n",
    "xcopa/test-et.jsonl": '{"label": 0}\n{"label": 1, "idx": 7}\n',
    "udpos/test-en.tsv": "NOUN\nVERB\n\nSYM\n\n",
    "panx/test-yo.tsv": "B-PER\nO\n\nB-LOC\nI-LOC\n\n",
    "xquad/test-el.json": ANSWERS,
    "mlqa/test-zh.json": ANSWERS,
    "tydiqa/test-ko.json": ANSWERS,
    "tatoeba/test-jv.tsv": "1\n0\n",
    "bucc2018/test-fr.tsv": "fr-1\ten-1\nfr-2\ten-3\n",
    "mewslix/test-fa.json": RANKED,
    "lareqa/test-th.json": RANKED,
}
LABELS = {
    **PREDICTIONS,
    "xquad/test-el.json": json.dumps(QUESTIONS),
    "mlqa/test-zh.json": json.dumps({"data": QUESTIONS}),
    "tydiqa/test-ko.json": json.dumps({"version": "1", "data": QUESTIONS}),
    "mewslix/test-fa.json": '{"m1": ["Q1"], "m2": ["Q9"]}',
}


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    """Writes files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder

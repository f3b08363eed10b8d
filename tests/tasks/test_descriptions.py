"""Datasets of one's own, described in a YAML file."""

import textwrap
from pathlib import Path

import pytest
import yaml

import tasks
from tasks import descriptions
from tasks.mixing import Fixed
from tasks.row import rows
from xltransfer.errors import InputError

MYNLI = """
datasets:
  - name: mynli.sw
    problem: classification
    language: sw
    labels: [entailment, neutral, contradiction]
    label_map: {yes: entailment, maybe: neutral, no: contradiction}
    licence: CC BY 4.0
    splits:
      train:
        format: tsv
        path: mynli/train.tsv
        columns: [premise, hypothesis, label]
        size: 2
mixtures:
  mine: mynli.sw * 3 + snli.en * 1
"""


@pytest.fixture
def described(tmp_path):
    """Takes up descriptions of `tmp_path`, and forgets them afterwards."""

    def described(text: str, **files: str) -> Path:
        (tmp_path / "tasks.yaml").write_text(textwrap.dedent(text))
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        tasks.add_described(tmp_path)
        return tmp_path

    yield described
    tasks.add_described(None)


def test_a_described_dataset_is_read_and_mixed_by_its_name(described):
    files = {"mynli__train.tsv": "a\tb\tyes\nc\td\tno\n"}
    folder = described(MYNLI, **files)
    row = tasks.dataset("mynli.sw")
    found = list(rows(row, "train", folder))
    assert [one["label"] for one in found] == [0, 2]
    assert row.licence == "CC BY 4.0"
    assert tasks.recipes()["mine"].rule == Fixed((3, 1))
    assert tasks.mixture("mine").components == (
        ("mynli.sw", 3.0),
        ("snli.en", 1.0),
    )


def test_another_folders_descriptions_take_their_place(described, tmp_path):
    described(MYNLI)
    tasks.add_described(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"No dataset 'mynli\.sw'"):
        tasks.dataset("mynli.sw")


# Each format, and each problem of which a source is at hand.
EXAMPLES = {
    "tsv with a header": (
        """
        problem: classification
        labels: ["1", "0"]
        splits:
          dev:
            format: tsv
            path: a.tsv
            columns: {premise: s1, hypothesis: s2, label: gold}
        """,
        {"a.tsv": "gold\ts2\ts1\n0\th\tp\n"},
        {"premise": "p", "hypothesis": "h", "label": 1},
    ),
    "csv": (
        """
        problem: classification
        labels: [x, y]
        splits:
          dev:
            format: csv
            path: a.csv
            columns: ["", premise, hypothesis, label]
            skipped: 1
        """,
        {"a.csv": 'id,a,b,l\n1,"p, ""q""",h,y\n'},
        {"premise": 'p, "q"', "hypothesis": "h", "label": 1},
    ),
    "jsonl": (
        """
        problem: classification
        labels: ["0", "1"]
        splits:
          dev:
            format: jsonl
            path: a.jsonl
            keys: {premise: in.p, hypothesis: in.h, label: gold}
            integers: [label]
        """,
        {"a.jsonl": '{"in": {"p": "p", "h": "h"}, "gold": 1}\n'},
        {"premise": "p", "hypothesis": "h", "label": 1},
    ),
    "parallel": (
        """
        problem: classification
        labels: [x, y]
        splits:
          dev:
            format: parallel
            sources:
              - {format: tsv, path: a.tsv, columns: [premise, hypothesis]}
              - {format: tsv, path: b.tsv, columns: [label]}
        """,
        {"a.tsv": "p\th\n", "b.tsv": "y\n"},
        {"premise": "p", "hypothesis": "h", "label": 1},
    ),
    "json": (
        """
        problem: multiple_choice
        splits:
          dev:
            format: json
            path: a.json
            inner: questions
            outer: {prompt: text}
            keys: {choices: "options.*", answer: right}
        """,
        {
            "a.json": '[{"text": "t", "questions": '
            '[{"options": ["a", "b"], "right": "b"}]}]'
        },
        {"prompt": "t", "choices": ["a", "b"], "label": 1},
    ),
    "composed": (
        """
        problem: multiple_choice
        splits:
          dev:
            format: composed
            source: {format: tsv, path: a.tsv, columns: [q, a, b, label]}
            fields:
              prompt: "{q}?"
              choices: ["{a}", "{b}"]
              label: "{label}"
        """,
        {"a.tsv": "q\tx\ty\t0\n"},
        {"prompt": "q?", "choices": ["x", "y"], "label": 0},
    ),
    "text": (
        """
        problem: language_modeling
        splits:
          dev: {format: text, paths: [a.txt], part: held_out, every: 2}
        """,
        {"a.txt": "one\ntwo\nthree\n"},
        {"text": "two"},
    ),
    "squad": (
        """
        problem: span
        splits:
          dev: {format: squad, path: a.json}
        """,
        {
            "a.json": '{"data": [{"paragraphs": [{"context": "a bc", "qas": '
            '[{"id": "1", "question": "q", "answers": '
            '[{"text": "bc", "answer_start": 2}]}]}]}]}'
        },
        {"question": "q", "answers": ["bc"], "begin": 2, "end": 4},
    ),
    "question lines": (
        """
        problem: span
        splits:
          dev: {format: question lines, path: a.jsonl, keys: {question: ask}}
        """,
        {
            "a.jsonl": '{"id": "1", "ask": "q", "context": "a bc", '
            '"answers": {"text": ["bc"], "answer_start": [2]}}'
        },
        {"question": "q", "answers": ["bc"]},
    ),
    "tagged": (
        """
        problem: tagging
        labels: [O, B-PER]
        splits:
          dev: {format: tagged, path: a.tsv, separator: " "}
        """,
        {"a.tsv": "Amina B-PER\nsings O\n"},
        {"words": ["Amina", "sings"], "tags": [1, 0]},
    ),
    "pairs to find": (
        """
        problem: retrieval
        splits:
          dev: {format: sorted pairs, queries: a.en, candidates: a.sw}
        """,
        {"a.en": "one\n", "a.sw": "moja\n"},
        {"query": "one", "candidate": "moja", "gold": ["0"]},
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_format_is_read_as_described(described, name):
    facts, files, expected = EXAMPLES[name]
    head = "datasets:\n  - name: mine.sw\n    language: sw\n"
    facts = textwrap.indent(textwrap.dedent(facts).strip(), "    ")
    folder = described(head + facts, **files)
    (found,) = rows(tasks.dataset("mine.sw"), "dev", folder)
    assert expected.items() <= found.items()


def mended(old: str, new: str) -> str:
    assert old in MYNLI
    return MYNLI.replace(old, new)


DAMAGE = {
    "an unknown key": (
        mended("    licence:", "    license:"),
        r"tasks\.yaml:8: datasets\[0\]: unknown key 'license'.*'licence'",
    ),
    "an unknown key of a source": (
        mended("        columns:", "        colums:"),
        r":13: datasets\[0\].splits.train: unknown key 'colums'.*'columns'",
    ),
    "an unknown problem": (
        mended("problem: classification", "problem: clasification"),
        r":4: datasets\[0\].problem: .*Did you mean 'classification'",
    ),
    "an unknown language": (
        mended("language: sw", "language: swa"),
        r":5: datasets\[0\].language: No language 'swa'",
    ),
    "an unknown format": (
        mended("format: tsv", "format: tvs"),
        r":11: .*format: 'tvs' is none of.*Did you mean 'tsv'",
    ),
    "an unknown field": (
        mended("[premise, hypothesis, label]", "[premise, hypotesis, label]"),
        r":13: .*columns: classification has no field 'hypotesis'.*hypothesis",
    ),
    "a missing field": (
        mended("[premise, hypothesis, label]", "[premise, hypothesis]"),
        r":13: .*needs the field 'label'",
    ),
    "a missing path": (
        mended("        path: mynli/train.tsv\n", ""),
        r":11: .*path: is missing: tsv needs it",
    ),
    "an unknown split": (
        mended("      train:", "      training:"),
        r":10: .*unknown key 'training'.*Did you mean 'train'",
    ),
    "a label that there is not": (
        mended("maybe: neutral", "maybe: neutrl"),
        r":7: .*label_map: 'maybe' stands for 'neutrl'.*'neutral'",
    ),
    "no labels": (
        mended("    labels: [entailment, neutral, contradiction]\n", ""),
        r"labels: classification needs two or more",
    ),
    "a size that is no number": (
        mended("size: 2", "size: two"),
        r":14: .*size: 'two' is not a whole number",
    ),
    "a list for a text": (
        mended("path: mynli/train.tsv", "path: [a, b]"),
        r":12: .*path: expected one value",
    ),
    "a text for a list": (
        mended("[premise, hypothesis, label]", "premise"),
        r":13: .*columns: expected a list",
    ),
    "a name without a language": (
        mended("name: mynli.sw", "name: mynli"),
        r":3: .*'mynli' is no name; write family.language",
    ),
    "a name that is taken": (
        mended("name: mynli.sw", "name: xnli.sw"),
        r"a dataset 'xnli.sw' is known already",
    ),
    "a name twice": (
        MYNLI.replace(
            "mixtures:",
            MYNLI.split("datasets:\n")[1].split("mix")[0] + "mixtures:",
        ),
        r":15: a second dataset 'mynli.sw'",
    ),
    "a key twice": (
        mended("    language: sw", "    language: sw\n    language: en"),
        r":6: datasets\[0\]: 'language' stands twice",
    ),
    "a mixture that is none": (
        mended("mynli.sw * 3 + snli.en * 1", "mynli.sw * 3 + snli.en"),
        r":16: mixtures.mine: .*give one to each",
    ),
    "a mixture's name that is taken": (
        mended("  mine:", "  xnli:"),
        r"a mixture 'xnli' is known already",
    ),
    "code": (
        mended("licence: CC BY 4.0", "licence: !!python/name:os.system"),
        r":8: tags are not supported",
    ),
    "a tag of its own": (
        mended("licence: CC BY 4.0", "licence: !mine x"),
        r":8: tags are not supported",
    ),
    "an anchor": (
        mended("licence: CC BY 4.0", "licence: &a x"),
        r":8: anchors are not supported",
    ),
    "a function for a field": (
        mended("format: tsv", "format: generated"),
        r"'generated' is none of",
    ),
    "broken YAML": (
        mended("[premise", "[[premise"),
        r"tasks\.yaml:\d+: no valid YAML",
    ),
    "a tab": (mended("    language", "\tlanguage"), r":5: no valid YAML"),
    "a list at the top": ("- a\n", "expected `datasets:`"),
    "nothing": ("", "expected `datasets:`"),
    "many brackets": ("[" * 5000, "no valid YAML"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_not_understood_is_named_with_its_line(described, name):
    text, message = DAMAGE[name]
    with pytest.raises(InputError, match=message):
        described(text)
    assert "mynli.sw" not in tasks.datasets()


def test_a_laughter_of_aliases_is_refused_at_once(described):
    lines = ["a: &a [x, x]"]
    lines += [
        f"{k}: &{k} [*{j}, *{j}]"
        for j, k in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(InputError, match=":1: anchors"):
        described("\n".join(lines))


def test_every_format_and_problem_is_there():
    assert set(descriptions.RAW_FIELDS) >= set(tasks.problems.PROBLEMS)
    for kinds, _ in descriptions.FORMATS.values():
        assert all(isinstance(kind, type) for kind in kinds)


def test_what_a_file_says_is_plain_text_to_yaml():
    # Whoever reads the file with another YAML reader sees the same keys.
    assert yaml.safe_load(MYNLI)["datasets"][0]["name"] == "mynli.sw"

"""Every gold answer of every file at hand, to pieces and back.

The least span of pieces that covers an answer gives the answer's characters
again, but where a piece reaches over an end of the answer, or where the file's
offset is wrong. The second kind is counted outside of this project: answers
whose text does not stand at `answer_start`, blank ones left out.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from raw_lines import stand_in

import tasks
from tasks.problems.span import located
from tasks.sources import SquadJson
from tasks.vocabularies import load

XQUAD_R = {
    f"lareqa/xquad-r/{code}.json": SquadJson(f"lareqa/xquad-r/{code}.json")
    for code in ("de", "en", "es", "vi")
}
WRONG_OFFSETS = {
    "cmrc2018/squad-style-data/cmrc2018_dev.json": 200,
    "cmrc2018/squad-style-data/cmrc2018_trial.json": 5,
    "arcd/arcd-train.json": 3,
    "arcd/arcd-test.json": 3,
    "squad_it/SQuAD_it-test.json.gz": 98,
}


def sources(data_dir: Path) -> dict[str, object]:
    """Returns the sources of all rows whose files are there, by file."""
    found = {
        str(split.source.files(data_dir)[0].relative_to(data_dir)): split.source
        for row in tasks.datasets().values()
        if row.problem == "span"
        for split in row.splits
        if split.source.files(data_dir) and not split.source.missing(data_dir)
    }
    return found | XQUAD_R


@pytest.fixture(scope="module")
def vocabulary(data_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp("vocabulary") / "spans.model"
    return stand_in(data_dir, out, "xlmr", 3000, 50)


@pytest.fixture(scope="module")
def pieces(vocabulary):
    return load(vocabulary, Path())


def shares(spans: np.ndarray, begin: int, end: int) -> np.ndarray:
    """Marks the pieces that share a character with [begin, end)."""
    overlaps = (spans[:, 0] < end) & (spans[:, 1] > begin)
    return overlaps & (spans[:, 0] < spans[:, 1])


def covering(spans: np.ndarray, begin: int, end: int) -> tuple[int, int]:
    """Returns the characters of the least span of pieces over [begin, end)."""
    inside = spans[shares(spans, begin, end)]
    return int(inside[0, 0]), int(inside[-1, 1])


def check_file(source, pieces, data_dir: Path) -> Counter:
    """Returns how many answers come back, and why others do not."""
    counts: Counter = Counter()
    known: dict[str, np.ndarray] = {}
    for where, fields in source.read(data_dir):
        context = fields["context"]
        if context not in known:
            known[context] = pieces.encode_with_offsets(context)[1]
        spans = known[context]
        for answer, start in fields["answers"]:
            if not answer.strip():
                counts["blank"] += 1
                continue
            if context[start : start + len(answer)] != answer or start < 0:
                counts["wrong offset"] += 1
                continue
            assert located(context, answer, start) == start
            begin, end = covering(spans, start, start + len(answer))
            trimmed = answer.strip("".join(pieces.spaces))
            begins = start + answer.index(trimmed)
            ends = begins + len(trimmed)
            if (begin, end) == (begins, ends):
                counts["exact"] += 1
                continue
            # A piece lies across an end of the answer.
            assert begin <= begins and ends <= end, where
            assert any(
                b < edge < e for b, e in spans for edge in (begins, ends)
            ), where
            counts["inside a piece"] += 1
    return counts


def test_every_answer_at_hand_comes_back(data_dir, pieces):
    found = {
        file: check_file(source, pieces, data_dir)
        for file, source in sources(data_dir).items()
    }
    wrong = {
        file: counts["wrong offset"]
        for file, counts in found.items()
        if counts["wrong offset"]
    }
    assert wrong == WRONG_OFFSETS


def test_the_graph_labels_the_pieces_that_cover_an_answer(
    data_dir, vocabulary, pieces
):
    """The windows' labels against the definition, over whole files."""
    registration = pytest.importorskip("tasks.registration")
    for name, split in (("mlqa.zh", "dev"), ("arcd.ar", "train")):
        row = tasks.dataset(name)
        task = registration.task(row, "encoder", vocabulary, data_dir)
        (batch,) = registration.batches(task, split, None)
        examples = list(tasks.row.rows(row, split, data_dir))
        for number, example in enumerate(examples):
            first, last = (
                batch[f"answer_{side}"][number] - batch["context_start"][number]
                for side in ("start", "end")
            )
            if example["begin"] < 0:
                assert batch["answer_weight"][number] == 0
                continue
            context = example["context"]
            begin = len(context.encode()[: example["begin"]].decode())
            end = len(context.encode()[: example["end"]].decode())
            spans = pieces.encode_with_offsets(context)[1]
            (own,) = np.nonzero(shares(spans, begin, end))
            assert (first, last) == (own[0], own[-1])

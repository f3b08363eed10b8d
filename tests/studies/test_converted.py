"""From a Hugging Face directory, through a study, and back to PyTorch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tasks
from tasks import vocabulary_training
from tasks.row import rows

HERE = Path(__file__).parent
CLASSIFYING = HERE.parent / "reference" / "classifying.py"


@pytest.mark.slow
def test_pytorch_repeats_every_prediction_of_a_converted_phase(
    command, tmp_path
):
    data = os.environ.get("XLTRANSFER_DATA_DIR")
    dataset = tasks.dataset("indonli.id")
    if not data or dataset.split("test").source.missing(Path(data)):
        pytest.skip("the files of indonli.id are not in XLTRANSFER_DATA_DIR")
    texts = [
        text
        for one in rows(dataset, "train", Path(data))
        for text in (one["premise"], one["hypothesis"])
    ]
    vocabulary = tmp_path / "sentencepiece.bpe.model"
    vocabulary_training.train(
        texts[:6000], vocabulary, family="xlmr", size=4000
    )
    _python("make", tmp_path / "random", vocabulary, 4000)
    command.run(
        "run",
        HERE / "converted.gin",
        "--out",
        tmp_path / "out",
        f"--gin.Study.init='hf:{tmp_path / 'random'}'",
        f"--gin.SentencePieceFile.path='{vocabulary}'",
    )
    (phase,) = (tmp_path / "out" / "phases").iterdir()
    command.run("convert", phase, tmp_path / "trained", "--to", "hf")
    ours = (phase / "predictions/indonli/test-id.tsv").read_text().splitlines()
    examples = list(rows(dataset, "test", Path(data)))
    pairs = tmp_path / "pairs.jsonl"
    lines = ([one["premise"], one["hypothesis"]] for one in examples)
    pairs.write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    theirs = _python("predict", tmp_path / "trained", pairs, 128).splitlines()
    assert len(ours) == len(examples) > 1000
    assert len(set(ours)) > 1
    assert theirs == ours
    print(f"{len(ours)} examples alike, classes {sorted(set(ours))}")
    print((phase / "results.jsonl").read_text())


def _python(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, str(CLASSIFYING), *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

"""Question answering on real files: from JSON to answers, and a phase of it."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from small_questions import PlantedLogits

import tasks
from tasks import vocabularies
from tasks.row import rows
from tasks.vocabularies import TrainedVocabulary
from xltransfer import phase
from xltransfer.components import Component
from xltransfer.data import cache as caches
from xltransfer.data.cache import Request
from xltransfer.data.features import EncoderSpan
from xltransfer.evaluate import Evaluation, evaluate
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.optimizer import AdamW
from xltransfer.outcomes.span import LONGEST, Answers
from xltransfer.outcomes.text import Generated
from xltransfer.partitioning import Partitioning
from xltransfer.specification import Phase, Training
from xltransfer.workspace import Execution, Workspace

VOCABULARY = TrainedVocabulary("xlmr", 2000, ("text",), lines=30)
# Windows overlap by enough that every answer of 30 pieces lies whole in the
# window where it starts with most context.
LENGTHS = (("question", 24), ("stride", 40), ("tokens", 144))
MODEL = XLMRConfig(
    vocab_size=2000,
    hidden_size=16,
    num_layers=1,
    num_heads=2,
    mlp_size=32,
    max_positions=146,
)
FSDP = (("embed", "fsdp"),)


@pytest.fixture(scope="module")
def data_dir() -> Path:
    folder = os.environ.get("XLTRANSFER_DATA_DIR")
    if not folder:
        pytest.skip("XLTRANSFER_DATA_DIR names no folder of official files")
    return Path(folder)


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


def crosses(spans, edge: int) -> bool:
    """Tells whether a piece lies over a place between two characters."""
    return any(begin < edge < end for begin, end in spans)


@pytest.mark.parametrize(
    ("name", "split"), [("arcd.ar", "test"), ("mlqa.zh", "dev")]
)
def test_gold_logits_give_back_the_gold_answers(
    data_dir, cache_dir, name, split
):
    request = Request(
        tasks.dataset(name), split, "encoder", VOCABULARY, LENGTHS
    )
    cache = caches.prepare(request, cache_dir, data_dir)
    pieces = vocabularies.load(VOCABULARY, cache_dir, data_dir)
    partitioning = Partitioning(FSDP, data=8)
    found = Evaluation(
        PlantedLogits(partitioning), {}, EncoderSpan(1), Answers(), (144,)
    ).predict(cache)
    examples = list(rows(tasks.dataset(name), split, data_dir))
    assert len(found) == len(examples)
    exact = 0
    for answer, example in zip(found, examples, strict=True):
        if example["begin"] < 0:
            continue
        context, gold = example["context"], example["answers"][0].strip()
        if answer == gold:
            exact += 1
            continue
        # Else a piece lies over one of its ends, or it is longer than any
        # answer may be.
        begin = len(context.encode()[: example["begin"]].decode())
        end = begin + len(example["answers"][0])
        _, spans = pieces.encode_with_offsets(context)
        inside = (spans[:, 0] < end) & (spans[:, 1] > begin)
        assert (
            inside.sum() > LONGEST
            or crosses(spans, begin)
            or crosses(spans, end)
        ), (answer, gold)
    # ARCD has many long answers, and the vocabulary is small.
    assert exact > 0.6 * len(found)


@pytest.mark.parametrize(
    ("name", "split"), [("arcd.ar", "test"), ("mlqa.zh", "dev")]
)
def test_the_texts_to_be_generated_give_back_the_gold_answers(
    data_dir, cache_dir, name, split
):
    vocabulary = TrainedVocabulary("mt5", 2500, ("text",), lines=30)
    row = tasks.dataset(name)
    lengths = (("inputs", 1024), ("targets", 512))
    request = Request(row, split, "text", vocabulary, lengths)
    cache = caches.prepare(request, cache_dir, data_dir)
    pieces = vocabularies.load(vocabulary, cache_dir, data_dir)
    outcome = Generated(pieces, "span", Answers())
    texts = [
        pieces.decode(cache.tokens("targets", number).tolist())
        for number in range(cache.size)
    ]
    found = outcome.combine(cache, texts)
    # Where the file's answer is not in its passage, what is comes nearest.
    different = [
        (answer, gold[0])
        for answer, gold, record in zip(
            found, outcome.targets(cache), cache.records, strict=True
        )
        if answer != gold[0].strip() and gold[0] in record["context"]
    ]
    assert different == []


def test_a_phase_learns_and_answers_in_the_passages_words(
    data_dir, cache_dir, tmp_path
):
    training = Training(
        steps=4,
        batch_size=8,
        lengths=LENGTHS,
        optimizer=AdamW(learning_rate=1e-2),
        dropout_rate=0.0,
    )
    found = Phase(
        kind="target",
        model=MODEL,
        vocabulary=VOCABULARY,
        components=(Component(tasks.dataset("arcd.ar"), "train"),),
        validation=(),
        training=training,
        seed=1,
    )
    place = Workspace(
        tmp_path,
        cache_dir,
        data_dir,
        Partitioning(FSDP, data=8),
        Execution(log_every=1, programs=2),
    )
    losses: list[float] = []
    phase.run(
        found, place, lambda step, metrics: losses.append(metrics["loss"])
    )
    assert len(losses) == 4 and losses[-1] < losses[0]
    part = Component(tasks.dataset("squad2_normans.en"), "dev")
    cache = place.cache(found, part)
    evaluation = dataclasses.replace(
        phase.evaluations(found, place)(part),
        outcome=Answers(null_threshold=np.inf),
    )
    answers = evaluation.predict(cache)
    assert len(answers) == 56 and all(answers)
    for answer, record in zip(answers, cache.records, strict=True):
        assert answer in record["context"]
    # Another layout, the same answers; nothing, where that is asked for.
    wider = dataclasses.replace(evaluation, columns=(300,))
    assert wider.predict(cache) == answers
    nothing = dataclasses.replace(
        evaluation, outcome=Answers(null_threshold=-np.inf)
    )
    assert not any(nothing.predict(cache))
    # Written as XTREME takes them, read again and scored.
    results = evaluate(evaluation, cache, tmp_path / "predictions", {})
    path = tmp_path / "predictions" / "squad2_normans" / "dev-en.json"
    ids = [record["id"] for record in cache.records]
    assert json.loads(path.read_text()) == dict(zip(ids, answers, strict=True))
    scores = {one["metric"]: one["value"] for one in results}
    # All 56 questions have answers.
    assert scores.keys() == {"exact", "f1", "HasAns_exact", "HasAns_f1"}
    right = sum(
        answer in record["answers"]
        for answer, record in zip(answers, cache.records, strict=True)
    )
    assert scores["exact"] >= 100 * right / 56
    assert {one["n"] for one in results} == {56}

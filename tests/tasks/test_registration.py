"""Renderings as SeqIO tasks: goldens by hand, and batches against singles."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seqio_rows import assert_equal_rows, batched, singles
from spans import restored

import tasks
from tasks import nli
from tasks.mixtures import Mixture
from tasks.row import Dataset, Split, rows
from tasks.sources import Generated
from tasks.vocabularies import PublishedVocabulary, SentencePieceFile, load
from tasks.vocabulary_training import train
from xltransfer.errors import InputError

registration = pytest.importorskip("tasks.registration")
seqio = pytest.importorskip("seqio")

PAIRS = [
    ("The boy sees a red house .", "A girl reads .", "entailment"),
    ("", "The boy sleeps .", "neutral"),
    ("他 说 , 妈妈", "Naye akasema 🙂", "contradiction"),
    ("the garden " * 30, "and the boy " * 20, "neutral"),
]


def pairs(rows: tuple = ()) -> list[dict[str, str]]:
    return [dict(zip(nli.FIELDS, row, strict=True)) for row in rows]


def sentences(rows: tuple = ()) -> list[dict[str, str]]:
    return [{"text": row} for row in rows]


def classification(rows, name: str = "toy.en") -> Dataset:
    source = Generated(pairs, (("rows", tuple(rows)),))
    return nli.three_way(name, language="en", splits=(Split("train", source),))


def text(rows, name: str = "toytext.en") -> Dataset:
    source = Generated(sentences, (("rows", tuple(rows)),))
    return Dataset(
        name,
        "language_modeling",
        "en",
        (Split("train", source, len(rows)),),
        metrics=(),
    )


def test_the_encoder_reads_both_sentences_between_special_tokens(
    xlmr_vocabulary,
):
    pieces = load(xlmr_vocabulary, Path())
    name = registration.task(classification(PAIRS), "encoder", xlmr_vocabulary)
    rows = singles(name, None)
    for row, (premise, hypothesis, label) in zip(rows, PAIRS, strict=True):
        # <s> P </s></s> H </s>, as XLM-R's tokenizer builds pairs.
        expected = [0, *pieces.encode(premise), 2, 2]
        assert row["tokens"].tolist() == [
            *expected,
            *pieces.encode(hypothesis),
            2,
        ]
        assert row["label"] == nli.LABELS.index(label)
        assert row["tokens"].dtype == row["label"].dtype == np.int32


def test_the_text_is_mt5s_for_xnli(mt5_vocabulary):
    pieces = load(mt5_vocabulary, Path())
    name = registration.task(classification(PAIRS), "text", mt5_vocabulary)
    rows = singles(name, None)
    written = "xnli: premise: The boy sees a red house . hypothesis: "
    first = pieces.encode(written + "A girl reads .")
    assert rows[0]["inputs"].tolist() == [*first, 1]
    for row, target in zip(rows, "0121", strict=True):
        assert row["targets"].tolist() == [*pieces.encode(target), 1]
        assert row["label"] == int(target)


def test_truncated_text_keeps_its_end(mt5_vocabulary):
    name = registration.task(classification(PAIRS), "text", mt5_vocabulary)
    whole, cut = (
        singles(name, lengths)[3]["inputs"]
        for lengths in (None, {"inputs": 32, "targets": 4})
    )
    assert cut.tolist() == [*whole[:31].tolist(), 1]


def test_longest_first_is_hugging_faces():
    tokenizers = pytest.importorskip("tokenizers")
    import tensorflow as tf

    from tasks.problems.classification import longest_first

    model = tokenizers.models.WordLevel({"a": 0}, unk_token="a")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    sizes = np.arange(0, 14)
    first, second = (grid.ravel() for grid in np.meshgrid(sizes, sizes))
    for room in range(2, 20):
        tokenizer.enable_truncation(room, strategy="longest_first")
        encodings = tokenizer.encode_batch(
            [("a " * m, "a " * n) for m, n in zip(first, second, strict=True)]
        )
        expected = [
            (e.sequence_ids.count(0), e.sequence_ids.count(1))
            for e in encodings
        ]
        kept = longest_first(
            tf.constant(first, tf.int32), tf.constant(second, tf.int32), room
        )
        found = list(zip(*(k.numpy().tolist() for k in kept), strict=True))
        assert found == expected
        for m, n, counts in zip(first, second, expected, strict=True):
            assert restated(m, n, room) == counts


def restated(first: int, second: int, room: int) -> tuple[int, int]:
    """Longest first, told another way: who has more than half gives way."""
    if first + second <= room:
        return first, second
    half, odd = divmod(room, 2)
    if min(first, second) <= half:
        short = min(first, second)
        rest = room - short
        return (rest, short) if first > second else (short, rest)
    return (half + odd, half) if first > second else (half, half + odd)


ENCODER_LENGTHS = st.one_of(st.none(), st.integers(6, 40))


@given(
    st.lists(
        st.tuples(
            st.text(max_size=40).map(str),
            st.text(max_size=40).filter(str.strip),
            st.sampled_from(nli.LABELS),
        ),
        min_size=1,
        max_size=8,
    ),
    ENCODER_LENGTHS,
)
@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_batches_of_pairs_are_the_single_examples(
    xlmr_vocabulary, mt5_vocabulary, rows, length
):
    dataset = classification(rows)
    name = registration.task(dataset, "encoder", xlmr_vocabulary)
    lengths = length and {"tokens": length}
    expected = singles(name, lengths)
    assert_equal_rows(batched(name, lengths), expected)
    assert all(len(r["tokens"]) <= (length or 10**6) for r in expected)
    name = registration.task(dataset, "text", mt5_vocabulary)
    lengths = length and {"inputs": length, "targets": 3}
    assert_equal_rows(batched(name, lengths), singles(name, lengths))


def test_batches_of_text_are_the_single_examples_and_lose_no_token(
    xlmr_vocabulary,
):
    lines = ["The boy sees", "a red house " * 20, "🙂", "مرحباً يا أهل"] * 2
    pieces = load(xlmr_vocabulary, Path())
    name = registration.task(text(lines), "encoder", xlmr_vocabulary)
    for length in (None, 3, 7, 32):
        lengths = length and {"tokens": length}
        found = singles(name, lengths)
        assert_equal_rows(batched(name, lengths), found)
        joined = [i for row in found for i in row["tokens"].tolist()[1:-1]]
        assert joined == [i for ids in pieces.encode_batch(lines) for i in ids]
        for row in found:
            assert row["tokens"][0] == 0 and row["tokens"][-1] == 2
            assert len(row["tokens"]) <= (length or 10**6)


def test_span_corruption_in_seqio_fits_and_restores_the_windows(
    mt5_vocabulary,
):
    lines = ["The boy sees", "a red house in the garden " * 20, "🙂"]
    pieces = load(mt5_vocabulary, Path())
    name = registration.task(text(lines), "text", mt5_vocabulary)
    lengths = {"inputs": 24, "targets": 9}
    windows = batched(name, lengths)
    first, again, other = (
        singles(name, lengths, seed=seed) for seed in (1, 1, 2)
    )
    assert_equal_rows(first, again)
    assert any(
        a["inputs"].tolist() != b["inputs"].tolist()
        for a, b in zip(first, other, strict=True)
    )
    for row, window in zip(first, windows, strict=True):
        inputs, targets = row["inputs"].tolist(), row["targets"].tolist()
        assert len(inputs) <= 24 and len(targets) <= 9
        assert inputs[-1] == targets[-1] == 1
        found = restored(inputs, targets, pieces.vocab_size - 100)
        assert found == window["tokens"].tolist()
    # Windows lose no token either.
    joined = [i for window in windows for i in window["tokens"].tolist()]
    assert joined == [i for ids in pieces.encode_batch(lines) for i in ids]


def test_t5x_features_come_out_of_both_text_problems(mt5_vocabulary):
    made = (
        (classification(PAIRS), {"inputs": 64, "targets": 4}),
        (
            text(["a red house in the garden " * 9]),
            {"inputs": 24, "targets": 9},
        ),
    )
    for dataset, lengths in made:
        name = registration.task(dataset, "text", mt5_vocabulary)
        plain = singles(name, lengths, seed=3)
        for pack in (False, True):
            ds = seqio.get_dataset(
                name,
                lengths,
                shuffle=False,
                feature_converter=seqio.EncDecFeatureConverter(pack=pack),
                seed=3,
            )
            batch = list(ds.as_numpy_iterator())
            first = batch[0]
            assert first["encoder_input_tokens"].shape == (lengths["inputs"],)
            inputs = plain[0]["inputs"]
            np.testing.assert_array_equal(
                first["encoder_input_tokens"][: len(inputs)], inputs
            )
            shifted = [0, *plain[0]["targets"][:-1]]
            np.testing.assert_array_equal(
                first["decoder_input_tokens"][: len(shifted)], shifted
            )
            weights = sum(b["decoder_loss_weights"].sum() for b in batch)
            assert weights == sum(len(row["targets"]) for row in plain)
            assert ("decoder_segment_ids" in first) == pack


def test_mixtures_take_their_components_at_their_rates(
    xlmr_vocabulary, monkeypatch
):
    rows = [
        classification(PAIRS[:2], "toy.en"),
        classification(PAIRS, "toy.de"),
    ]
    for row in rows:
        monkeypatch.setitem(tasks._CATALOGUE._described, row.name, row)
    mixture = Mixture("toys", (("toy.en", 1.0), ("toy.de", 3.0)))
    for _ in range(2):
        name = registration.mixture(mixture, "encoder", xlmr_vocabulary)
    made = seqio.MixtureRegistry.get(name)
    assert {t.name.split(":")[0]: made.get_rate(t) for t in made.tasks} == {
        "toy.en": 1.0,
        "toy.de": 3.0,
    }
    ds = made.get_dataset({"tokens": 16}, "train", shuffle=False, num_epochs=1)
    assert {"tokens", "label"} == next(ds.as_numpy_iterator()).keys()
    alone = Mixture("toy.en", (("toy.en", 1.0),))
    name = registration.mixture(alone, "encoder", xlmr_vocabulary)
    assert name in seqio.TaskRegistry.names()


def test_a_task_is_registered_once_and_follows_its_row(xlmr_vocabulary):
    dataset = classification(PAIRS)
    name = registration.task(dataset, "encoder", xlmr_vocabulary)
    assert name == f"toy.en:encoder:{xlmr_vocabulary.digest()[:12]}"
    made = seqio.TaskRegistry.get(name)
    assert registration.task(dataset, "encoder", xlmr_vocabulary) == name
    assert seqio.TaskRegistry.get(name) is made
    registration.task(replace(dataset, version=2), "encoder", xlmr_vocabulary)
    assert seqio.TaskRegistry.get(name) is not made


def test_the_published_vocabulary_leaves_the_name_plain(
    xlmr_vocabulary, monkeypatch
):
    monkeypatch.setattr(
        PublishedVocabulary,
        "model_file",
        lambda self, cache_dir, data_dir: Path(xlmr_vocabulary.path),
    )
    name = registration.task(
        tasks.dataset("xnli.sw"), "encoder", PublishedVocabulary("xlmr")
    )
    assert name == "xnli.sw:encoder"


def test_what_cannot_be_rendered_is_refused(xlmr_vocabulary):
    dataset = classification(PAIRS)
    with pytest.raises(InputError, match="needs a vocabulary of the family"):
        registration.task(dataset, "text", xlmr_vocabulary)
    with pytest.raises(InputError, match="No rendering 'decoder'"):
        registration.task(dataset, "decoder", xlmr_vocabulary)
    name = registration.task(dataset, "encoder", xlmr_vocabulary)
    with pytest.raises(InputError, match="the least is 6"):
        batched(name, {"tokens": 5})


def test_answers_become_classes_and_are_scored(mt5_vocabulary):
    name = registration.task(classification(PAIRS), "text", mt5_vocabulary)
    made = seqio.TaskRegistry.get(name)
    answers = ["0", " 2 ", "1", "3", "", "10"]
    classes = [
        made.postprocess_fn(a, example={}, is_target=False) for a in answers
    ]
    assert classes == [0, 2, 1, -1, -1, -1]
    (metric,) = made.metric_fns
    assert metric([0, 1], [0, 2]) == {"accuracy": 50.0}


@pytest.mark.slow
def test_batches_of_snli_are_its_examples(data_dir, tmp_path):
    path = tmp_path / "snli.model"
    premises = [row["premise"] for row in rows(nli.SNLI, "train", data_dir)]
    train(premises[::4], path, family="xlmr", size=3000)
    vocabulary = SentencePieceFile("xlmr", str(path))
    name = registration.task(nli.SNLI, "encoder", vocabulary, data_dir)
    lengths = {"tokens": 128}
    one_by_one = singles(name, lengths)
    in_batches = list(registration.batches(name, "train", lengths))
    tokens = np.concatenate([batch["tokens"][0] for batch in in_batches])
    labels = np.concatenate([batch["label"] for batch in in_batches])
    np.testing.assert_array_equal(
        tokens, np.concatenate([row["tokens"] for row in one_by_one])
    )
    np.testing.assert_array_equal(labels, [row["label"] for row in one_by_one])


def test_another_model_under_the_same_name_makes_other_ids(
    mt5_vocabulary, xlmr_vocabulary, tmp_path
):
    """Graphs are shared by what a model holds, not by where it lies."""
    for rendering, vocabulary in (
        ("text", mt5_vocabulary),
        ("encoder", xlmr_vocabulary),
    ):
        path = tmp_path / f"{rendering}.model"
        path.write_bytes(Path(vocabulary.path).read_bytes())
        same = replace(vocabulary, path=str(path))
        row = classification(PAIRS[:1])
        name = registration.task(row, rendering, same)
        first = batched(name, None)
        assert_equal_rows(first, singles(name, None))
        size = {"text": 378, "encoder": 24}[rendering]
        texts = ["The boy sees a red house .", "A girl reads ."] * 20
        train(texts, path, family=vocabulary.family, size=size)
        changed = registration.task(row, rendering, same)
        pieces = load(same, Path())
        feature = {"text": "inputs", "encoder": "tokens"}[rendering]
        (found,) = batched(changed, None)
        assert found[feature].tolist() != first[0][feature].tolist()
        written = {
            "text": [
                *pieces.encode(
                    f"xnli: premise: {PAIRS[0][0]} hypothesis: {PAIRS[0][1]}"
                ),
                1,
            ],
            "encoder": [
                *(0, *pieces.encode(PAIRS[0][0]), 2, 2),
                *(*pieces.encode(PAIRS[0][1]), 2),
            ],
        }
        assert found[feature].tolist() == written[rendering]

"""Vocabularies: ids inside and outside TensorFlow, and their training."""

import pickle
import re
from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor

from tasks.pieces import MT5Pieces, XLMRPieces
from tasks.row import Dataset, Split
from tasks.sources import PlainText
from tasks.vocabularies import (
    PublishedVocabulary,
    SentencePieceFile,
    TrainedVocabulary,
    load,
)
from tasks.vocabulary_training import train, train_on_files
from xltransfer.errors import InputError

WORDS = "abcdefghijklmnopqrstuvwxyz"
SENTENCES = [f"{a}{b} {b}{a}{a}" for a in WORDS for b in WORDS]
ODD_TEXTS = [
    "",
    " ",
    "The boy sees",
    "  double  spaces\u3000wide ",
    "e\u0301 ﬁ ½ 𝔘𝔫𝔦 🙂👩‍👩‍👧 \u200b\ufeff\u2028",
    "مرحباً الْعَرَبِيَّة",
    "他说，妈妈，我回来了。",
    "<s> </s> <mask> <pad> <unk> ▁ <extra_id_0>",
    "a" * 500,
]


def test_xlmr_ids_are_fairseqs(xlmr_vocabulary):
    pieces = load(xlmr_vocabulary, Path())
    model = SentencePieceProcessor(model_file=xlmr_vocabulary.path)
    size = model.get_piece_size()
    assert (pieces.bos_id, pieces.pad_id, pieces.eos_id) == (0, 1, 2)
    assert (pieces.unk_id, pieces.mask_id) == (3, size + 1)
    assert pieces.vocab_size == size + 2 == 100
    for text in ODD_TEXTS:
        ids = pieces.encode(text)
        # Fairseq: SentencePiece's id + 1, and 3 for the unknown (0).
        assert ids == [i + 1 if i else 3 for i in model.encode(text)]
        assert not {0, 1, 2, pieces.mask_id} & set(ids)
    assert pieces.encode_batch(ODD_TEXTS) == list(map(pieces.encode, ODD_TEXTS))


def test_mt5_ids_are_sentencepieces_and_sentinels_come_last(mt5_vocabulary):
    pieces = load(mt5_vocabulary, Path())
    model = SentencePieceProcessor(model_file=mt5_vocabulary.path)
    assert pieces.vocab_size == model.get_piece_size() == 456
    assert (pieces.pad_id, pieces.eos_id, pieces.unk_id) == (0, 1, 2)
    assert model.id_to_piece(455) == "▁<extra_id_0>"
    assert model.id_to_piece(356) == "▁<extra_id_99>"
    assert pieces.sentinel_ids.tolist() == list(range(455, 355, -1))
    for text in ODD_TEXTS:
        assert pieces.encode(text) == model.encode(text)
    # What the model does not know is spelt in bytes.
    assert pieces.unk_id not in pieces.encode("鵬🙂")
    assert pieces.decode(pieces.encode("鵬🙂")) == "鵬🙂"


def test_decoding_leaves_special_ids_out(xlmr_vocabulary, mt5_vocabulary):
    for vocabulary in (xlmr_vocabulary, mt5_vocabulary):
        pieces = load(vocabulary, Path())
        ids = pieces.encode("The boy sees")
        ids = [*ids, pieces.eos_id, pieces.pad_id]
        assert pieces.decode(ids) == "The boy sees"


def test_ids_in_the_graph_are_those_outside(xlmr_vocabulary, mt5_vocabulary):
    import tensorflow as tf

    from tasks.seqio_vocabulary import MT5Vocabulary, XLMRVocabulary

    made = (
        (XLMRVocabulary(xlmr_vocabulary.path), xlmr_vocabulary),
        (MT5Vocabulary(mt5_vocabulary.path), mt5_vocabulary),
    )
    for vocabulary, file in made:
        pieces = load(file, Path())
        expected = pieces.encode_batch(ODD_TEXTS)
        encode = tf.function(vocabulary.encode_tf)
        batch = encode(tf.constant(ODD_TEXTS))
        assert batch.to_list() == expected
        assert batch.dtype == tf.int32
        for text, ids in zip(ODD_TEXTS, expected, strict=True):
            assert encode(tf.constant(text)).numpy().tolist() == ids
            assert list(vocabulary.encode(text)) == ids
        assert vocabulary.vocab_size == pieces.vocab_size
        assert vocabulary.pad_id == pieces.pad_id
        decoded = vocabulary.decode_tf(tf.constant([expected[2]]))
        assert decoded.numpy()[0].decode() == "The boy sees"
        assert vocabulary.decode(expected[2]) == "The boy sees"
        assert pickle.loads(pickle.dumps(vocabulary)) == vocabulary


@pytest.mark.parametrize(
    ("family", "model_type", "size"),
    [("xlmr", "unigram", 300), ("mt5", "bpe", 450), ("xlmr", "word", 200)],
)
def test_training_twice_gives_the_same_bytes(
    tmp_path, family, model_type, size
):
    contents = []
    for name in ("a", "b"):
        path = tmp_path / name / "c.model"
        train(SENTENCES, path, family=family, size=size, model_type=model_type)
        contents.append(path.read_bytes())
        assert [p.name for p in path.parent.iterdir()] == ["c.model"]
    assert contents[0] == contents[1]


@pytest.mark.parametrize("family", ["xlmr", "mt5"])
@pytest.mark.parametrize("model_type", ["unigram", "word", "char"])
def test_too_large_a_size_names_the_largest_possible(
    tmp_path, family, model_type
):
    path = tmp_path / "c.model"

    def attempt(size: int) -> None:
        train(SENTENCES, path, family=family, size=size, model_type=model_type)

    with pytest.raises(InputError, match="too large") as refusal:
        attempt(100_000)
    assert not list(tmp_path.iterdir())
    largest = int(re.search(r"possible is (\d+)", str(refusal.value))[1])
    attempt(largest)
    pieces = {"xlmr": XLMRPieces, "mt5": MT5Pieces}[family](path)
    assert pieces.vocab_size == largest
    with pytest.raises(InputError, match="too large"):
        attempt(largest + 1)


def test_too_small_a_size_names_the_smallest_possible(tmp_path):
    path = tmp_path / "c.model"
    with pytest.raises(InputError, match="too small") as refusal:
        train(SENTENCES, path, family="mt5", size=120)
    smallest = int(re.search(r"possible is (\d+)", str(refusal.value))[1])
    train(SENTENCES, path, family="mt5", size=smallest)
    with pytest.raises(InputError, match="too small"):
        train(SENTENCES, path, family="mt5", size=smallest - 1)


def test_training_refuses_what_it_does_not_know(tmp_path):
    path = tmp_path / "c.model"
    with pytest.raises(InputError, match="Did you mean 'xlmr'"):
        train(SENTENCES, path, family="xlm", size=100)
    with pytest.raises(InputError, match="Did you mean 'unigram'"):
        train(SENTENCES, path, family="mt5", size=300, model_type="unigramm")
    with pytest.raises(InputError, match="no text"):
        train([], path, family="mt5", size=300)
    with pytest.raises(InputError, match=r"none\.txt"):
        train_on_files([tmp_path / "none.txt"], path, family="mt5", size=300)


def test_a_model_of_the_other_family_is_refused(
    xlmr_vocabulary, mt5_vocabulary, tmp_path
):
    with pytest.raises(InputError, match="not trained for the family 'mt5'"):
        load(SentencePieceFile("mt5", xlmr_vocabulary.path), Path())
    with pytest.raises(InputError, match="not trained for the family 'xlmr'"):
        load(SentencePieceFile("xlmr", mt5_vocabulary.path), Path())
    (tmp_path / "bad.model").write_bytes(b"no model")
    with pytest.raises(InputError, match="no SentencePiece model"):
        load(SentencePieceFile("xlmr", str(tmp_path / "bad.model")), Path())


@pytest.fixture
def toy_text(tmp_path, monkeypatch):
    import tasks

    (tmp_path / "toy.txt").write_text("\n".join(SENTENCES))
    row = Dataset(
        "toy.en",
        "language_modeling",
        "en",
        (Split("train", PlainText(("toy.txt",))),),
    )
    monkeypatch.setitem(tasks._CATALOGUE._described, "toy.en", row)
    return tmp_path


def test_a_trained_vocabulary_is_made_once_and_identified_beforehand(toy_text):
    vocabulary = TrainedVocabulary("xlmr", 300, ("toy.en",))
    before = vocabulary.digest(toy_text)
    path = vocabulary.model_file(toy_text / "cache", toy_text)
    written = path.stat().st_mtime_ns
    again = vocabulary.model_file(toy_text / "cache", toy_text)
    assert (path, written) == (again, again.stat().st_mtime_ns)
    assert load(vocabulary, toy_text / "cache", toy_text).vocab_size == 300
    others = (
        TrainedVocabulary("xlmr", 301, ("toy.en",)),
        TrainedVocabulary("xlmr", 300, ("toy.en",), lines=10),
    )
    digests = {before, *(other.digest(toy_text) for other in others)}
    (toy_text / "toy.txt").write_text("\n".join(SENTENCES[1:]))
    assert len({*digests, vocabulary.digest(toy_text)}) == 4


def test_published_vocabularies_are_identified_by_their_files():
    assert PublishedVocabulary("xlmr").digest().startswith("cfc8146a")
    assert PublishedVocabulary("mt5").digest().startswith("ef78f865")

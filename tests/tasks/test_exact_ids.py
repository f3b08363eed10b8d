"""Ids and offsets on real text in every language, in and out of the graph.

The published models are not part of the project: models of both families are
trained on the spot, and SentencePiece itself says what their ids are.
"""

from pathlib import Path

import numpy as np
import pytest
from raw_lines import files, lines, stand_in
from sentencepiece import SentencePieceProcessor

from tasks.vocabularies import load


@pytest.fixture(scope="module", params=["xlmr", "mt5"])
def small(request, data_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp("vocabulary") / "small.model"
    return stand_in(data_dir, out, request.param, 6000, 10)


@pytest.fixture(scope="module", params=["xlmr", "mt5"])
def large(request, data_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp("vocabulary") / "large.model"
    return stand_in(data_dir, out, request.param, 16000, 500)


def in_graph(vocabulary):
    import tensorflow as tf

    from tasks.seqio_vocabulary import MT5Vocabulary, XLMRVocabulary

    made = {"xlmr": XLMRVocabulary, "mt5": MT5Vocabulary}[vocabulary.family]
    made = made(vocabulary.path)
    signature = [tf.TensorSpec([None], tf.string)]
    return [
        tf.function(function, input_signature=signature)
        for function in (made.encode_tf, made.tokenize_with_offsets)
    ]


def expected(model: SentencePieceProcessor, family: str, texts: list[str]):
    found = model.encode(texts)
    if family == "mt5":
        return found
    # Fairseq: SentencePiece's id + 1, and 3 for the unknown (0).
    return [[i + 1 if i else 3 for i in ids] for ids in found]


def check_ids(vocabulary, texts_of_files) -> int:
    """Returns how many texts there were."""
    import tensorflow as tf

    pieces = load(vocabulary, Path())
    model = SentencePieceProcessor(model_file=vocabulary.path)
    encode, _ = in_graph(vocabulary)
    count = 0
    for path, texts in texts_of_files:
        ids = expected(model, vocabulary.family, texts)
        assert pieces.encode_batch(texts) == ids, path
        assert encode(tf.constant(texts)).to_list() == ids, path
        count += len(texts)
    return count


def check_offsets(vocabulary, texts_of_files) -> None:
    import tensorflow as tf

    pieces = load(vocabulary, Path())
    _, encode = in_graph(vocabulary)
    for path, texts in texts_of_files:
        rows = zip(
            texts,
            *(a.to_list() for a in encode(tf.constant(texts))),
            strict=True,
        )
        for text, *found in rows:
            ids, spans = pieces.encode_with_offsets(text)
            places = np.cumsum([0, *(len(c.encode()) for c in text)])
            assert found[0] == ids, (path, text)
            assert found[1:] == places[spans].T.tolist(), (path, text)
            covered = np.zeros(len(text) + 1, bool)
            for begin, end in spans:
                covered[begin:end] = True
            missed = {c for i, c in enumerate(text) if not covered[i]}
            assert missed <= pieces.spaces, (path, text)


def test_ids_are_sentencepieces_on_a_sample_of_every_file(small, data_dir):
    sample = [(path, lines(path)[::80]) for path in files(data_dir)]
    assert len(sample) >= 140
    assert check_ids(small, sample) >= 4000
    check_offsets(small, sample)


@pytest.mark.slow
def test_ids_are_sentencepieces_on_every_line(large, data_dir):
    whole = ((path, lines(path)) for path in files(data_dir))
    count = check_ids(large, whole)
    print(f"{large.family}: {count} lines")
    assert count >= 200_000


@pytest.mark.slow
def test_offsets_agree_on_every_tenth_line(large, data_dir):
    check_offsets(large, [(p, lines(p)[::10]) for p in files(data_dir)])

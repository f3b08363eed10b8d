"""Which characters of a text its pieces stand for, in and out of the graph."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor

from tasks.vocabularies import SentencePieceFile, load
from tasks.vocabulary_training import train

SCRIPTS = {
    "latin": "The old man, 42, reads an office letter.",
    "combining": "O\u0323\u0301mo\u0323 naa\u0300 n\u0301 ka\u0300we\u0301.",
    "arabic": "الْعَرَبِيَّة لغة جميلة ﷺ ﻼ ﭐ",
    "devanagari": "लड़का किताब पढ़ता है क्षत्रिय ड\u093c",
    "thai": "เด็กผู้ชายอ่านหนังสือที่น้ำตก",
    "cjk": "妈妈，我回来了。がぎ ｶﾞ 한국어 \u1112\u1161\u11ab",
    "full-width": "Ａｂｃ　１２３！？",
    "emoji": "🙂👩‍👩‍👧🇸🇪👍🏽❤️",
    "ligatures": "ﬁ ﬄ ½ ㎏ Ⅷ ™ … ² ¨ ẛ\u0323",
    "blanks": " \t\n\u00a0\u200b\u200c\u2060\u00ad\ufeff\u3000\x01▁",
    "strange": "</s> <extra_id_0> <s>\x00\ufffd\U0010ffff𝔘",
}
WORDS = [word for text in SCRIPTS.values() for word in text.split()]
TEXTS = st.lists(
    st.one_of(
        *(st.text(letters, max_size=6) for letters in SCRIPTS.values()),
        st.sampled_from(WORDS),
        st.just(" "),
    ),
    max_size=8,
).map("".join)


@pytest.fixture(scope="module", params=["xlmr", "mt5"])
def vocabulary(request, tmp_path_factory) -> SentencePieceFile:
    """Pieces of several characters in every script, and unknown letters."""
    path = tmp_path_factory.mktemp("vocabulary") / "offsets.model"
    lines = [*SCRIPTS.values(), *(a + b for a in WORDS for b in WORDS)]
    sizes = {"xlmr": 200, "mt5": 550}
    train(
        lines,
        path,
        family=request.param,
        size=sizes[request.param],
        character_coverage=0.98,
    )
    return SentencePieceFile(request.param, str(path))


@pytest.fixture(scope="module")
def pieces(vocabulary):
    return load(vocabulary, Path())


@pytest.fixture(scope="module")
def model(vocabulary):
    return SentencePieceProcessor(model_file=vocabulary.path)


@pytest.fixture(scope="module")
def in_graph(vocabulary):
    """The twin in TensorFlow's graph: texts -> ids, begins and ends."""
    import tensorflow as tf

    from tasks.seqio_vocabulary import MT5Vocabulary, XLMRVocabulary

    made = {"xlmr": XLMRVocabulary, "mt5": MT5Vocabulary}[vocabulary.family]
    signature = [tf.TensorSpec([None], tf.string)]
    return tf.function(
        made(vocabulary.path).tokenize_with_offsets, input_signature=signature
    )


def is_blank(model: SentencePieceProcessor, letter: str) -> bool:
    """Says whether SentencePiece leaves nothing of a letter."""
    return model.normalize(letter).strip("▁") == ""


@settings(max_examples=300)
@given(text=TEXTS)
def test_offsets_rise_and_cover_every_character_but_spaces(pieces, model, text):
    ids, spans = pieces.encode_with_offsets(text)
    assert ids == pieces.encode(text)
    assert spans.shape == (len(ids), 2)
    assert (np.diff(spans, axis=0) >= 0).all()
    begins, ends = spans.T
    assert (begins <= ends).all()
    assert ((begins >= 0) & (ends <= len(text))).all()
    covered = {i for begin, end in spans for i in range(begin, end)}
    for index, letter in enumerate(text):
        assert index in covered or is_blank(model, letter), index
    # No letter belongs to two pieces.
    assert (begins[1:] >= ends[:-1]).all()
    for begin, end in spans[begins < ends]:
        assert not is_blank(model, text[begin])
        assert not is_blank(model, text[end - 1])


@settings(max_examples=150)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
@example(texts=["", " ", "ﬁ 🙂"])
def test_offsets_in_the_graph_count_the_same_characters_in_bytes(
    pieces, in_graph, texts
):
    import tensorflow as tf

    ids, begins, ends = (a.to_list() for a in in_graph(tf.constant(texts)))
    for row, text in enumerate(texts):
        expected, spans = pieces.encode_with_offsets(text)
        assert ids[row] == expected
        # Where each character begins in UTF-8, and the end.
        places = np.cumsum([0, *(len(c.encode()) for c in text)])
        assert begins[row] == places[spans[:, 0]].tolist()
        assert ends[row] == places[spans[:, 1]].tolist()


PLAIN = st.text(
    "".join(
        SCRIPTS[name]
        for name in ("latin", "full-width", "thai", "emoji", "devanagari")
    ).replace("ำ", ""),
    max_size=20,
)


@settings(max_examples=200)
@given(text=PLAIN)
def test_a_piece_is_the_normalised_text_of_its_characters(pieces, model, text):
    # Letters that NFKC maps to one letter each; `▁` is the space.
    found = model.encode(text, return_type=str)
    _, spans = pieces.encode_with_offsets(text)
    for piece, (begin, end) in zip(found, spans, strict=True):
        if not piece.startswith("<0x"):
            surface = model.normalize(text[begin:end]).removeprefix("▁")
            assert surface == piece.removeprefix("▁")


def test_offsets_are_those_counted_by_hand(xlmr_vocabulary, mt5_vocabulary):
    # Counted in the text: `▁` is empty; what several pieces share is the last
    # one's: ½ (1⁄2), ﬁ (fi), 🙂 in four bytes.
    pieces = load(xlmr_vocabulary, Path())
    ids, spans = pieces.encode_with_offsets(" a\u3000 ½\u200bﬁ ")
    model = SentencePieceProcessor(model_file=xlmr_vocabulary.path)
    found = model.encode(" a\u3000 ½\u200bﬁ ", return_type=str)
    assert found == ["▁", "a", "▁", "1", "⁄", "2", "▁", "f", "i"]
    expected = [1, 1], [1, 2], [4, 4], [4, 4], [4, 4], [4, 5], [6, 6], [6, 6]
    assert spans.tolist() == [*expected, [6, 7]]
    assert pieces.encode_with_offsets(" ")[1].shape == (0, 2)
    pieces = load(mt5_vocabulary, Path())
    ids, spans = pieces.encode_with_offsets("e\u0301🙂a")
    # é and 🙂 are spelt in bytes: <0xC3> <0xA9>, then <0xF0> … <0x82>.
    assert len(ids) == 8
    emoji = [[2, 2], [2, 2], [2, 2], [2, 3]]
    assert spans.tolist() == [[0, 0], [0, 0], [0, 2], *emoji, [3, 4]]


def test_a_single_text_has_offsets_in_the_graph_too(
    xlmr_vocabulary, mt5_vocabulary
):
    import tensorflow as tf

    from tasks.seqio_vocabulary import MT5Vocabulary, XLMRVocabulary

    made = (
        (XLMRVocabulary(xlmr_vocabulary.path), xlmr_vocabulary),
        (MT5Vocabulary(mt5_vocabulary.path), mt5_vocabulary),
    )
    for vocabulary, file in made:
        ids, spans = load(file, Path()).encode_with_offsets("The  boy")
        text = tf.constant("The  boy")
        found = tf.function(vocabulary.tokenize_with_offsets)(text)
        assert found[0].numpy().tolist() == ids
        assert np.stack(found[1:], -1).tolist() == spans.tolist()
        assert spans[-1].tolist() == [7, 8]

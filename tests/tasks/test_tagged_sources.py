"""Files of tagged sentences, written by the tests: whole and damaged."""

import random
from pathlib import Path

import pytest

import tasks
from tasks import tagging
from tasks.row import Dataset, Split, rows
from tasks.sources import Alternatives, Tagged, Treebanks
from tasks.sources.conllu import fuse, is_hidden
from xltransfer.errors import InputError

CONLL = "The\tDET\nboy\tNOUN\nruns\tVERB\n\n\nHe\tPRON\nsees\tVERB\n"

# Spanish-like: `vámonos` stands for two words and `del` for two. An empty node
# and comments are no words.
CONLLU = """\
# sent_id = 1
# text = vámonos del mar
1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tvamos\tir\tVERB\t_\t_\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_
2.1\tnada\tnada\tNOUN\t_\t_\t_\t_\t1:dep\t_
3-4\tdel\t_\t_\t_\t_\t_\t_\t_\t_
3\tde\tde\tADP\t_\t_\t5\tcase\t_\t_
4\tel\tel\tDET\t_\t_\t5\tdet\t_\t_
5\tmar\tmar\tNOUN\t_\t_\t1\tobl\t_\tSpaceAfter=No

# sent_id = 2
1\t12 345\t12 345\tNUM\t_\t_\t0\troot\t_\t_
2\tمی\u200cرود\t_\tVERB\t_\t_\t1\tdep\t_\t_
"""


def tagged(source, **facts) -> Dataset:
    return Dataset(
        "toytags.en",
        "tagging",
        "en",
        (Split("train", source),),
        labels=tagging.UPOS,
        **facts,
    )


def write(folder: Path, path: str, content: str | bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        content = content.encode()
    target.write_bytes(content)


def read(source, folder: Path) -> list[tuple[list[str], list[str]]]:
    return [
        (example["words"], example["names"])
        for example in rows(tagged(source), "train", folder)
    ]


def refused(source, folder: Path, message: str, **facts) -> None:
    with pytest.raises(InputError, match=message):
        list(rows(tagged(source, **facts), "train", folder))


def treebank(folder: Path, content: str, language: str = "es") -> Treebanks:
    write(
        folder, f"ud/UD_Toy-One/{language}_one-ud-train.conllu", content + "\n"
    )
    return Treebanks("ud", language, "train")


def test_blank_lines_end_sentences(tmp_path):
    write(tmp_path, "a.tsv", CONLL)
    assert read(Tagged("a.tsv"), tmp_path) == [
        (["The", "boy", "runs"], ["DET", "NOUN", "VERB"]),
        (["He", "sees"], ["PRON", "VERB"]),
    ]


def test_a_space_separates_where_the_row_says_so(tmp_path):
    write(tmp_path, "a.txt", "Bu DET\nnu\u00a0u PRON\n\n")
    words = [["Bu", "nu\u00a0u"]]
    assert [w for w, _ in read(Tagged("a.txt", " "), tmp_path)] == words


def test_the_language_before_a_word_is_taken_off_once(tmp_path):
    write(tmp_path, "dev", "sw:Nairobi\tPROPN\nsw::\tPUNCT\nsw:12:30\tNUM\n")
    (found,) = read(Tagged("dev", is_prefixed=True), tmp_path)
    assert found[0] == ["Nairobi", ":", "12:30"]
    write(tmp_path, "dev", "sw:Nairobi\tPROPN\nNairobi\tPROPN\n")
    refused(Tagged("dev", is_prefixed=True), tmp_path, r"dev:2: no language")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tDET\nb NOUN\n", r"a\.tsv:2: 1 columns.*separated by a tab"),
        (b"a\tDET\tx\n", r"a\.tsv:1: 3 columns"),
        (b"a\tDET\n\tNOUN\n", r"a\.tsv:2: the word or the tag is missing"),
        (b"a\tDET\nb\t \n", r"a\.tsv:2: the word or the tag is missing"),
        (b"a\tDET\n\nb\tNUON\n", r"a\.tsv:3: the tag 'NUON'.*'NOUN'"),
        (b"a\tDET\nb\xff\tDET\n", r"a\.tsv:2: byte 0xff is not UTF-8"),
        (b"a\tDET\nb\0\tDET\n", r"a\.tsv:2: a NUL character"),
        (b"a\nb\n\nc\n", r"a\.tsv:1: words without tags.*XTREME takes"),
        (b"\n\n", r"a\.tsv:1: the file is empty"),
    ],
)
def test_damaged_files_are_refused_with_file_and_line(
    tmp_path, content, message
):
    write(tmp_path, "a.tsv", content)
    refused(Tagged("a.tsv"), tmp_path, message)


def test_a_row_without_tags_says_what_stands_in_between(tmp_path):
    write(tmp_path, "ccg/train.tsv", "The\tNP/N\n")
    with pytest.raises(InputError, match=r"ccg\.en has no tags.*LDC2005T13"):
        list(rows(tagging.CCG, "train", tmp_path))
    with pytest.raises(InputError, match=r"dev\.tsv is missing.*LDC2005T13"):
        list(rows(tagging.CCG, "dev", tmp_path))


def test_tags_that_only_the_files_know_are_read_from_them(tmp_path):
    write(tmp_path, "ccg/train.tsv", "The\tNP/N\nend\tN\n")
    write(tmp_path, "ccg/dev.tsv", "It\tNP\n")
    try:
        tasks.add_described(tmp_path)
        row = tasks.dataset("ccg.en")
    finally:
        tasks.add_described(None)
    assert row.labels == ("N", "NP", "NP/N")
    (found,) = rows(row, "train", tmp_path)
    assert found["tags"] == [2, 0]
    assert tasks.dataset("ccg.en").labels == ()


def test_the_first_place_with_files_is_read(tmp_path):
    both = Alternatives((Tagged("a.tsv"), Tagged("b.tsv")))
    refused(both, tmp_path, r"a\.tsv is missing")
    write(tmp_path, "b.tsv", "b\tX\n")
    assert read(both, tmp_path) == [(["b"], ["X"])]
    digest = both.digest(tmp_path)
    write(tmp_path, "a.tsv", "a\tX\n")
    assert read(both, tmp_path) == [(["a"], ["X"])]
    assert both.digest(tmp_path) != digest


def test_fused_forms_stand_for_their_words(tmp_path):
    # By hand after conllu_to_conll.py: `vamos` is nearer the root than `nos`;
    # `de` and `el` are equally near, and ADP comes before DET.
    found = read(treebank(tmp_path, CONLLU), tmp_path)
    assert found[0] == (["vámonos", "del", "mar"], ["VERB", "ADP", "NOUN"])


def test_spaces_and_zero_width_non_joiners_leave_words(tmp_path):
    found = read(treebank(tmp_path, CONLLU), tmp_path)
    assert found[1] == (["12345", "میرود"], ["NUM", "VERB"])


@pytest.mark.parametrize(
    ("language", "expected"),
    # it: VERB AUX ADV PRON ADP DET INTJ; en: VERB … PRON … ADV … ADP.
    [("it", "ADV"), ("en", "PRON")],
)
def test_equally_high_words_go_by_the_languages_precedence(
    tmp_path, language, expected
):
    content = """\
1-3\tx\t_\t_\t_\t_\t_\t_\t_\t_
1\ta\t_\tADP\t_\t_\t4\tdep\t_\t_
2\tb\t_\tPRON\t_\t_\t4\tdep\t_\t_
3\tc\t_\tADV\t_\t_\t4\tdep\t_\t_
4\td\t_\tNOUN\t_\t_\t0\troot\t_\t_
"""
    source = treebank(tmp_path, content, language)
    assert read(source, tmp_path) == [(["x", "d"], [expected, "NOUN"])]


def test_enhanced_dependencies_count_as_ancestors(tmp_path):
    # 1 has the ancestors 0 and 2, and by `deps` 3 too; 2 has 0 alone.
    content = """\
1-2\tx\t_\t_\t_\t_\t_\t_\t_\t_
1\ta\t_\tVERB\t_\t_\t3\tdep\t3:dep|2:dep|3.1:dep\t_
2\tb\t_\tADP\t_\t_\t3\tdep\t_\t_
3\tc\t_\tNOUN\t_\t_\t0\troot\t_\t_
"""
    found = read(treebank(tmp_path, content, "en"), tmp_path)
    assert found == [(["x", "c"], ["ADP", "NOUN"])]


def test_a_tag_outside_of_the_precedence_comes_last():
    from tasks.sources.conllu import Fused, Word

    words = [
        Word("a", "SYM", frozenset({3}), 2),
        Word("b", "PUNCT", frozenset({3}), 3),
        Word("c", "NOUN", frozenset({0}), 4),
    ]
    surface = fuse(words, [Fused("ab", 1, 2, 1)], ["NOUN", "PUNCT"])
    assert surface == [("ab", "PUNCT", 1), ("c", "NOUN", 4)]


@pytest.mark.parametrize(
    ("forms", "expected"),
    # utils_preprocess.py keeps 0 of them, or fewer than all but one.
    [("a b c", False), ("_ b c", False), ("_ _ c", True), ("_", True)],
)
def test_sentences_without_text_are_left_out(forms, expected):
    assert is_hidden(forms.split()) == expected


def test_treebanks_follow_each_other_by_file_name(tmp_path):
    line = "1\t{}\t_\tX\t_\t_\t0\troot\t_\t_\n\n"
    for folder, name in (
        ("UD_Toy-A", "en_zwei-ud-train"),
        ("UD_Toy-Z", "en_eins-ud-train"),
        ("UD_Toy-B", "en_zwei-ud-dev"),
        ("UD_Toy-C", "enm_drei-ud-train"),
        ("UD_Toy-D", "en_eins-ud-train-b"),
    ):
        write(tmp_path, f"ud/{folder}/{name}.conllu", line.format(name))
    source = Treebanks("ud", "en", "train")
    assert [words for words, _ in read(source, tmp_path)] == [
        ["en_eins-ud-train-b"],
        ["en_eins-ud-train"],
        ["en_zwei-ud-train"],
    ]
    refused(Treebanks("ud", "en", "test"), tmp_path, r"en_\*-ud-test.*missing")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("5\tmar", "6\tmar", r"train\.conllu:10: word '6' where word 5"),
        ("\tPRON\t_", "\tPRON", r":5: 9 columns, expected 10"),
        ("5\tcase", "9\tcase", r":8: the head 9 is no word"),
        ("5\tcase", "x\tcase", r":8: 'x' is no word's number"),
        ("3-4\tdel", "3-9\tdel", r":7: a form for words up to 9"),
        ("3-4\tdel", "4-5\tdel", r":7: a form for the words 4-5 cannot"),
        ("3-4\tdel", "3-x\tdel", r":7: 'x' is no word's number"),
        ("1-2\tvám", "1-3\tvám", r":7: a form for the words 3-4 cannot"),
        ("NUM", "NMU", r":13: the tag 'NMU'.*'NUM'"),
        ("\tmar\tmar", "\t\tmar", r":10: the word or its tag is missing"),
    ],
)
def test_damaged_treebanks_are_refused_with_file_and_line(
    tmp_path, old, new, message
):
    assert old in CONLLU
    source = treebank(tmp_path, CONLLU.replace(old, new, 1))
    refused(source, tmp_path, message)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Returns a copy with one or two of the damages that files suffer."""
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(content))
        line = rng.choice(content.split(b"\n"))
        content = rng.choice(
            (
                content[:at],
                content[:at] + b"\0" + content[at:],
                content[:at] + b"\xff\xfe" + content[at:],
                content[:at] + b"x" * 200_000 + content[at:],
                content[:at] + b"\t" + content[at:],
                content[:at] + b"\n" + content[at:],
                content[:at] + b"\r" + content[at + 1 :],
                content[:at] + content[at + 1 :],
                b"\xef\xbb\xbf" + content,
                content.replace(b"\t", b"  "),
                content.replace(b"\t", b"\t\t", 1),
                content.replace(line, line.rpartition(b"\t")[0], 1),
                content.replace(line, line.partition(b"\t")[2], 1),
                content.replace(b"NOUN", b"NUON"),
                content.decode(errors="replace").encode("utf-16"),
            )
        )
    return content


@pytest.mark.parametrize("kind", ["conll", "conllu"])
def test_damaged_copies_load_or_are_refused_by_file_and_line(tmp_path, kind):
    source = {
        "conll": Tagged("ud/UD_Toy-One/es_one-ud-train.conllu"),
        "conllu": Treebanks("ud", "es", "train"),
    }[kind]
    whole = {"conll": CONLL, "conllu": CONLLU}[kind].encode()
    rng = random.Random(1)
    loaded = 0
    for number in range(300):
        content = damaged(whole, rng)
        write(tmp_path, "ud/UD_Toy-One/es_one-ud-train.conllu", content)
        try:
            found = read(source, tmp_path)
        except InputError as error:
            message = str(error)
            assert "es_one-ud-train.conllu:" in message, (number, message)
            continue
        loaded += 1
        for words, tags in found:
            assert len(words) == len(tags) > 0
            assert set(tags) <= set(tagging.UPOS)
            assert all(words)
    # Some damage is none: a byte order mark, a further blank line.
    assert 20 < loaded < 200

"""Damage is reported where it lies. The files are written by the tests."""

from pathlib import Path

import pytest

from tasks.row import Dataset, Split, digest, rows
from tasks.sources import (
    Concatenated,
    Delimited,
    Generated,
    JsonLines,
    Parallel,
    PlainText,
)
from xltransfer.errors import InputError

TSV = Delimited("a.tsv", ("premise", "hypothesis", "label"))
KEYS = (("premise", "s1"), ("hypothesis", "s2"), ("label", "gold"))


def written(folder: Path, **files: bytes | str) -> Path:
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        content = content.encode() if isinstance(content, str) else content
        path.write_bytes(content)
    return folder


def read(source, folder: Path) -> list[dict[str, str]]:
    return [fields for _, fields in source.read(folder)]


def classification(source, **facts) -> Dataset:
    facts = {"labels": ("yes", "no")} | facts
    return Dataset(
        "toy.en",
        "classification",
        "en",
        (Split("train", source, facts.pop("size", None)),),
        **facts,
    )


def refused(source, folder: Path, message: str, **facts) -> None:
    with pytest.raises(InputError, match=message):
        list(rows(classification(source, **facts), "train", folder))


def test_tabs_separate_and_unicode_line_separators_do_not_end_lines(tmp_path):
    written(tmp_path, a_tsv="a\u2028b\tc\x85d\tyes\r\ne\tf\tno\n")
    assert read(TSV, tmp_path) == [
        {"premise": "a\u2028b", "hypothesis": "c\x85d", "label": "yes"},
        {"premise": "e", "hypothesis": "f", "label": "no"},
    ]


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    written(tmp_path, a_tsv=b"\xef\xbb\xbfP\tH\tL\na\tb\tyes\n")
    source = Delimited("a.tsv", TSV.columns, header=("P", "H", "L"))
    assert read(source, tmp_path)[0]["premise"] == "a"


def test_quoted_fields_hold_tabs_and_doubled_quotes(tmp_path):
    written(tmp_path, a_tsv='"a\tb"\t"say ""c"""\tyes\n')
    source = Delimited("a.tsv", TSV.columns, quoted=True)
    assert read(source, tmp_path) == [
        {"premise": "a\tb", "hypothesis": 'say "c"', "label": "yes"}
    ]


def test_a_missing_quote_is_reported_with_its_line(tmp_path):
    written(tmp_path, a_tsv='a\tb\tyes\n"a\tb\tno\nc\td\tno\n')
    source = Delimited("a.tsv", TSV.columns, quoted=True)
    refused(source, tmp_path, r"a\.tsv:2: .*quote")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tb\tyes\na\tb\n", r"a\.tsv:2: 2 columns, expected 3"),
        (b"a\tb\tc\tyes\n", r"a\.tsv:1: 4 columns, expected 3"),
        (b"a\tb\tyes\na\t\xff\tno\n", r"a\.tsv:2: byte 0xff is not UTF-8"),
        (b"a\tb\tyes\n\na\tb\0\tno\n", r"a\.tsv:3: a NUL character"),
        (b"a\tb\tyes\na\tb\tye\n", r"a\.tsv:2: the label 'ye'.*'yes'"),
        (b"a\t\tyes\n", r"a\.tsv:1: the hypothesis is empty"),
        (b"", r"a\.tsv:1: the file is empty"),
        (b"\xef\xbb\xbf\n", r"a\.tsv:1: the file is empty"),
    ],
)
def test_damaged_tsv_is_refused_with_file_and_line(tmp_path, content, message):
    refused(TSV, written(tmp_path, a_tsv=content), message)


def test_a_wrong_header_is_refused(tmp_path):
    written(tmp_path, a_tsv="a\tb\tyes\n")
    source = Delimited("a.tsv", TSV.columns, header=("P", "H", "L"))
    refused(source, tmp_path, r"a\.tsv:1: the header is 'a, b, yes'")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"s1": "a", "s2": "b", "gol', r"a\.jsonl:2: no valid JSON"),
        ('{"s1": "a", "s2": "b", "gould": "no"}', r":2: no key 'gold'.*gould"),
        ('{"s1": "a", "s2": null, "gold": "no"}', r":2: 's2' is None"),
        ("[]", r":2: expected a JSON object"),
    ],
)
def test_damaged_json_lines_are_refused_with_file_and_line(
    tmp_path, line, message
):
    good = '{"s1": "a", "s2": "b", "gold": "yes"}\n'
    written(tmp_path, a_jsonl=good + line + "\n")
    refused(JsonLines("a.jsonl", KEYS), tmp_path, message)


def parallel() -> Parallel:
    texts = Delimited("a.tsv", ("premise", "hypothesis"))
    gold = Delimited("b.tsv", ("label", ""), header=("label", "genre"))
    return Parallel((texts, gold))


def test_parallel_files_are_joined_line_by_line(tmp_path):
    written(
        tmp_path, a_tsv="a\tb\nc\td\n", b_tsv="label\tgenre\nyes\tx\nno\ty\n"
    )
    assert read(parallel(), tmp_path)[1] == {
        "premise": "c",
        "hypothesis": "d",
        "label": "no",
    }


def test_parallel_files_of_different_length_are_refused(tmp_path):
    written(tmp_path, a_tsv="a\tb\nc\td\n", b_tsv="label\tgenre\nyes\tx\n")
    refused(parallel(), tmp_path, r"a\.tsv:2: no such line in .*b\.tsv")


def test_a_label_in_a_parallel_file_is_located(tmp_path):
    written(tmp_path, a_tsv="a\tb\n", b_tsv="label\tgenre\nmaybe\tx\n")
    refused(parallel(), tmp_path, r"b\.tsv:2: the label 'maybe'")


def test_dropped_labels_leave_their_examples_out(tmp_path):
    written(tmp_path, a_tsv="a\tb\tyes\nc\td\t-\n")
    dataset = classification(TSV, dropped_labels=("-",), size=1)
    assert len(list(rows(dataset, "train", tmp_path))) == 1


def test_a_split_with_nothing_left_is_refused(tmp_path):
    written(tmp_path, a_tsv="c\td\t-\n")
    refused(TSV, tmp_path, "0 examples", dropped_labels=("-",))


def test_another_number_of_examples_than_the_row_states_is_refused(tmp_path):
    written(tmp_path, a_tsv="a\tb\tyes\n")
    refused(TSV, tmp_path, "1 examples .* expected 2", size=2)


def test_a_missing_file_and_a_missing_folder_are_named(tmp_path):
    refused(TSV, tmp_path, r"a\.tsv is missing: toy\.en needs it")
    refused(TSV, None, "XLTRANSFER_DATA_DIR")


def test_an_unknown_split_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match="Did you mean 'train'"):
        list(rows(classification(TSV), "trian", tmp_path))


def test_held_out_lines_are_disjoint_in_text_and_complete(tmp_path):
    lines = [f"line {i % 70}" for i in range(100)]
    written(tmp_path, a_txt="\n".join(lines), b_txt="line 3\n\nnew\n")
    paths = ("a.txt", "b.txt")
    parts = [
        {f["text"] for f in read(PlainText(paths, part, 10), tmp_path)}
        for part in ("rest", "held_out")
    ]
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] == {*lines, "new"}
    assert len(parts[1]) == 7


def test_a_digest_follows_content_and_columns_but_not_the_folder(tmp_path):
    folders = [tmp_path / name for name in ("x", "y", "other")]
    for folder in folders:
        folder.mkdir()
        label = "no" if folder.name == "other" else "yes"
        written(folder, a_tsv=f"a\tb\t{label}")
    dataset = classification(TSV)
    x, y, z = (digest(dataset, "train", folder) for folder in folders)
    assert x == y != z
    swapped = Delimited("a.tsv", ("hypothesis", "premise", "label"))
    assert digest(classification(swapped), "train", folders[0]) != x


def test_generated_examples_need_no_folder():
    source = Generated(toy_pairs, (("count", 3),))
    dataset = classification(source, size=3)
    assert [row["label"] for row in rows(dataset, "train", None)] == [0, 1, 0]
    assert source.digest() != Generated(toy_pairs, (("count", 4),)).digest()


def toy_pairs(count: int):
    for i in range(count):
        yield {
            "premise": "",
            "hypothesis": str(i),
            "label": ("yes", "no")[i % 2],
        }


def test_concatenated_sources_follow_each_other(tmp_path):
    written(tmp_path, a_txt="1\n2\n", b_txt="3\n")
    source = Concatenated((PlainText(("a.txt",)), PlainText(("b.txt",))))
    assert [f["text"] for f in read(source, tmp_path)] == ["1", "2", "3"]
    assert len(source.files(tmp_path)) == 2

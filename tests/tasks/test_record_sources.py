"""Tables, JSON lists, XML pairs, archives, and what is made of their fields."""

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from tasks.sources import (
    Composed,
    Delimited,
    Generated,
    JsonArray,
    JsonLines,
    NestedLines,
    Placed,
    PlainText,
    Portion,
    Recoded,
    Selected,
    Table,
    Without,
    XmlPairs,
)
from tasks.sources.content import content
from xltransfer.errors import InputError


def read(source, folder: Path | None) -> list[dict]:
    return [fields for _, fields in source.read(folder)]


def places(source, folder: Path) -> list[str]:
    return [where for where, _ in source.read(folder)]


def refused(source, folder: Path, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(source, folder)


def test_columns_are_found_by_their_names(tmp_path):
    (tmp_path / "a.tsv").write_text("x\tlabel\tpremise\n1\tyes\tp q\n")
    table = Table("a.tsv", (("premise", "premise"), ("label", "label")))
    assert read(table, tmp_path) == [{"premise": "p q", "label": "yes"}]
    assert places(table, tmp_path) == [f"{tmp_path / 'a.tsv'}:2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "premises\tb\np\tq\n",
            r"a\.tsv:1: .* 0 columns 'premise'.*'premises'",
        ),
        ("premise\tpremise\np\tq\n", r"a\.tsv:1: .* 2 columns 'premise'"),
        ("premise,b\np,q\n", r"a\.tsv:1: .*separated by tabs"),
        ("premise\tb\np\tq\nr\n", r"a\.tsv:3: 1 columns, expected 2"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path, text, message):
    (tmp_path / "a.tsv").write_text(text)
    refused(Table("a.tsv", (("premise", "premise"),)), tmp_path, message)


def test_known_malformed_lines_are_left_out(tmp_path):
    (tmp_path / "a.tsv").write_text("a\tb\n1\t2\n\t3\t4\n5\n6\t7\n")
    table = Table("a.tsv", (("b", "b"),), malformed=True)
    assert read(table, tmp_path) == [{"b": "2"}, {"b": "7"}]


def test_quoted_fields_hold_commas_and_line_ends(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\n"1, ""x""\n2",3\n4,5\n')
    options = {"quoted": True, "delimiter": ",", "multiline": True}
    table = Table("a.csv", (("a", "a"), ("b", "b")), **options)
    assert read(table, tmp_path) == [
        {"a": '1, "x"\n2', "b": "3"},
        {"a": "4", "b": "5"},
    ]
    # The second record begins in line 4.
    assert places(table, tmp_path)[1].endswith(":4")
    skipping = Delimited("a.csv", ("a", ""), skipped=1, **options)
    assert read(skipping, tmp_path)[1] == {"a": "4"}


def test_json_paths_lead_through_objects_and_lists(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"q": {"stem": "s", "choices": [{"t": "x"}, {"t": "y"}]}, "n": 3}\n'
    )
    keys = (
        ("stem", "q.stem"),
        ("choices", "q.choices.*.t"),
        ("second", "q.choices.1.t"),
        ("label", "n"),
    )
    source = JsonLines("a.jsonl", keys, integers=("label",))
    assert read(source, tmp_path) == [
        {"stem": "s", "choices": ("x", "y"), "second": "y", "label": "3"}
    ]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("q.stam", r"a\.jsonl:1: no key 'stam' for 'q.stam'.*'stem'"),
        ("q.choices.2", r"a\.jsonl:1: 2 elements, too few for 'q.choices.2'"),
        ("q.stem.*", r"a\.jsonl:1: expected a list for 'q.stem.\*'"),
        ("q.choices.t", r"a\.jsonl:1: expected a JSON object for"),
        ("q.stem.0", r"a\.jsonl:1: expected a list for 'q.stem.0'"),
        ("q.choices.*", r"a\.jsonl:1: 'q.choices.\*' is 1, not a text"),
        ("flag", r"a\.jsonl:1: 'flag' is True, not a text"),
        ("half", r"a\.jsonl:1: 'half' is no Unicode text"),
    ],
)
def test_a_json_path_that_leads_nowhere_is_refused(tmp_path, path, message):
    (tmp_path / "a.jsonl").write_text(
        '{"q": {"stem": "s", "choices": [1, "y"]}, "flag": true, '
        '"half": "\\ud800"}\n'
    )
    refused(JsonLines("a.jsonl", (("f", path),)), tmp_path, message)


def test_numbers_are_texts_only_where_the_row_says_so(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"n": 1}\n')
    refused(JsonLines("a.jsonl", (("n", "n"),)), tmp_path, "'n' is 1, not")
    source = JsonLines("a.jsonl", (("n", "n"),), integers=("n",))
    (tmp_path / "a.jsonl").write_text('{"n": 1}\n{"n": true}\n')
    found = [fields["n"] for _, fields in source.read(tmp_path)]
    assert found == ["1", "True"]
    (tmp_path / "a.jsonl").write_text('{"n": 1.0}\n')
    refused(source, tmp_path, "'n' is 1.0, not")


def test_examples_lie_in_lists_within_lists_of_a_line(tmp_path):
    line = {
        "text": "The red house",
        "asked": [
            {"id": 7, "answers": [{"text": "red", "start": 4}]},
            {"id": 8, "answers": [{"text": "The red", "start": 0}]},
        ],
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(line) + "\n")
    source = NestedLines(
        "a.jsonl",
        (
            ("context", "0.text"),
            ("id", "1.id"),
            ("answers", "1.answers.*.text"),
            ("starts", "1.answers.*.start"),
        ),
        inner=("asked",),
        integers=("id", "starts"),
    )
    found = [fields for _, fields in Placed(source).read(tmp_path)]
    assert [one["id"] for one in found] == ["7", "8"]
    assert [one["answers"] for one in found] == [
        (("red", 4),),
        (("The red", 0),),
    ]
    assert {one["context"] for one in found} == {"The red house"}


def test_the_elements_of_a_json_list_know_their_lines(tmp_path):
    (tmp_path / "a.json").write_text('[\n {"a": "x"},\n\n {"a": "y"} ]\n')
    source = JsonArray("a.json", (("a", "a"),))
    assert read(source, tmp_path) == [{"a": "x"}, {"a": "y"}]
    assert [one.rsplit(":")[-1] for one in places(source, tmp_path)] == [
        "2",
        "4",
    ]


def test_questions_share_what_their_text_has(tmp_path):
    (tmp_path / "a.json").write_text(
        '[[["d", "e"], [{"q": "1"}, {"q": "2"}]], [["f"], []]]'
    )
    source = JsonArray(
        "a.json", (("q", "q"),), inner="1", outer=(("text", "0.*"),)
    )
    assert read(source, tmp_path) == [
        {"text": ("d", "e"), "q": "1"},
        {"text": ("d", "e"), "q": "2"},
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": "x"}', r"a\.json:1: expected '\[' of a JSON list, found '{'"),
        ('[{"a": "x"}', r"a\.json:1: expected ',' .* found its end"),
        ('[\n{"a": "x"}\n{"a": "y"}]', r"a\.json:3: expected ',' .*found '{'"),
        ('[{"a": "x"}]\n[]', r"a\.json:2: text after the JSON list's end"),
        ('[\n{"a": "x"},\n]', r"a\.json:3: no valid JSON"),
        ('[{"a": "x"},\n"b"]', r"a\.json:2: expected a JSON object"),
        ("[" * 100_000, r"a\.json:1: .*recursion"),
    ],
)
def test_a_damaged_json_list_is_refused_with_its_line(tmp_path, text, message):
    (tmp_path / "a.json").write_text(text)
    refused(JsonArray("a.json", (("a", "a"),)), tmp_path, message)


XML = XmlPairs("a.xml", (("p", "t"), ("label", "@entailment")))


def test_xml_pairs_have_texts_and_attributes(tmp_path):
    (tmp_path / "a.xml").write_text(
        '<c>\n<pair entailment="E"><t>a &lt; <b>b</b> c</t></pair>\n'
        '<other entailment="x"/>\n<pair entailment="N"><t/></pair></c>'
    )
    found = read(XML, tmp_path)
    assert found == [
        {"p": "a <  c", "label": "E"},
        {"p": "", "label": "N"},
    ]
    assert places(XML, tmp_path)[1].endswith("a.xml:4")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<c><pair><t>a</t></pair></c>", r":1: no attribute 'entailment'"),
        ('<c>\n<pair entailment="E"/></c>', r":2: no element 't'"),
        ('<c>\n<pair entailment="E"><t>a</pair></c>', r":2: no valid XML"),
        ("<c>\n<t>&unknown;</t></c>", r":2: no valid XML: undefined entity"),
        # Entities within entities would grow without bounds.
        (
            '<!DOCTYPE c [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>\n<c>&b;</c>',
            r":1: a document type declaration",
        ),
        (
            '<!DOCTYPE c SYSTEM "file:///etc/hostname">\n<c/>',
            r":1: a document type declaration",
        ),
    ],
)
def test_damaged_or_dangerous_xml_is_refused(tmp_path, text, message):
    (tmp_path / "a.xml").write_text(text)
    refused(XML, tmp_path, r"a\.xml" + message)


def test_a_member_of_a_zip_archive_is_read_in_memory(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../outside.txt", "one\ntwo\n")
    source = PlainText(("a.zip!../outside.txt",))
    assert [one["text"] for one in read(source, tmp_path)] == ["one", "two"]
    assert places(source, tmp_path)[1].endswith("a.zip!../outside.txt:2")
    assert source.files(tmp_path) == (tmp_path / "a.zip",)
    assert not source.missing(tmp_path)
    # Nothing is unpacked beside it, nor anywhere else.
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]
    assert not (tmp_path.parent / "outside.txt").exists()


def test_a_missing_archive_or_member_is_named(tmp_path):
    source = PlainText(("a.zip!b.txt",))
    assert source.missing(tmp_path) == (tmp_path / "a.zip",)
    refused(source, tmp_path, r"a\.zip!b\.txt: No such file")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("bb.txt", "one")
    refused(source, tmp_path, r"a\.zip: no member 'b\.txt'.*'bb\.txt'")


def test_gzip_files_are_read_as_they_are(tmp_path):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress("ü\n".encode()))
    assert read(PlainText(("a.txt.gz",)), tmp_path) == [{"text": "ü"}]


def test_content_that_grows_without_bounds_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", 8) as archive:
        archive.writestr("b.txt", bytes(5000))
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(5000)))
    for place in ("a.zip!b.txt", "a.gz"):
        assert len(content(tmp_path / place, most=5000)) == 5000
        with pytest.raises(InputError, match="more than 4999 bytes"):
            content(tmp_path / place, most=4999)


def listed(count: int) -> list[dict]:
    return [{"n": str(number), "ab": ("x", "y")} for number in range(count)]


NUMBERS = Generated(listed, (("count", 5),))


def test_fields_are_composed_of_others():
    source = Composed(
        NUMBERS, (("p", "{n}: {ab}"), ("c", ("{n}", "-")), ("d", "{ab}"))
    )
    assert read(source, None)[1] == {
        "p": "1: x y",
        "c": ("1", "-"),
        "d": ("x", "y"),
    }


def test_values_are_replaced_and_unknown_ones_refused():
    source = Recoded(NUMBERS, "n", (("0", "zero"), ("1", "one")))
    found = source.read(None)
    assert [next(found)[1]["n"] for _ in range(2)] == ["zero", "one"]
    with pytest.raises(InputError, match="listed:3: the n '2' is none of 0, 1"):
        next(found)


def test_examples_are_selected_left_out_and_parted():
    def numbers(source) -> str:
        return "".join(one["n"] for one in read(source, None))

    assert numbers(Selected(NUMBERS, "n", ("3", "1"))) == "13"
    assert numbers(Without(NUMBERS, "2")) == "0134"
    parts = [Portion(NUMBERS, part, 2) for part in ("rest", "held_out")]
    assert [numbers(part) for part in parts] == ["024", "13"]


def test_digests_follow_what_is_done_to_the_fields():
    sources = (
        NUMBERS,
        Selected(NUMBERS, "n", ("1",)),
        Selected(NUMBERS, "n", ("2",)),
        Without(NUMBERS, "1"),
        Portion(NUMBERS, "rest", 2),
        Portion(NUMBERS, "held_out", 2),
        Composed(NUMBERS, (("n", "{n}"),)),
        Composed(Generated(listed, (("count", 4),)), (("n", "{n}"),)),
    )
    digests = {source.digest(None) for source in sources}
    assert len(digests) == len(sources)
    again = Composed(Generated(listed, (("count", 5),)), (("n", "{n}"),))
    assert again.digest(None) == sources[6].digest(None)

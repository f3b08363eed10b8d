"""Retrieval: sources by hand, the official files, and both sides' tokens."""

import json
from pathlib import Path

import pytest
from test_registration import assert_equal_rows, batched, singles

import tasks
from tasks.problems import retrieval
from tasks.row import Dataset, Split, rows
from tasks.sources import (
    AnswerSentences,
    Entities,
    Generated,
    MentionPairs,
    Mentions,
    MinedPairs,
    SortedPairs,
    XquadR,
)
from tasks.sources.answer_sentences import sentence_ends
from tasks.vocabularies import load
from xltransfer.errors import InputError


def written(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def read(source, folder: Path | None) -> list[dict]:
    return [fields for _, fields in source.read(folder)]


def test_queries_are_sorted_and_the_gold_is_where_they_stood(tmp_path):
    written(tmp_path, en="b\na\nB\na\n", sw="1\n2\n3\n4\n")
    found = read(SortedPairs("en", "sw"), tmp_path)
    # Python's order of code points; equal sentences keep their order.
    assert [(one["query"], one["gold"]) for one in found] == [
        ("B", ("2",)),
        ("a", ("1",)),
        ("a", ("3",)),
        ("b", ("0",)),
    ]
    assert [one["candidate"] for one in found] == ["1", "2", "3", "4"]


def test_parallel_files_of_different_length_are_refused(tmp_path):
    written(tmp_path, en="a\n", sw="1\n2\n")
    with pytest.raises(InputError, match=r"1 lines, but .*sw has 2"):
        read(SortedPairs("en", "sw"), tmp_path)


def test_mined_pairs_are_two_lists_with_gold_ids(tmp_path):
    written(tmp_path, de="d1\tja\nd2\tnein\n", en="e1\tno\n", gold="d2\te1\n")
    assert read(MinedPairs("de", "en", "gold"), tmp_path) == [
        {"query": "ja", "query_id": "d1", "gold": ()},
        {"query": "nein", "query_id": "d2", "gold": ("e1",)},
        {"candidate": "no", "candidate_id": "e1"},
    ]
    written(tmp_path, gold="d3\te1\n")
    with pytest.raises(InputError, match="'d3' is no id of"):
        read(MinedPairs("de", "en", "gold"), tmp_path)


def xquad_r(context: str, breaks: list, start: int) -> str:
    question = {
        "id": "q",
        "question": "?",
        "answers": [{"text": "", "answer_start": start}],
    }
    paragraph = {
        "context": context,
        "sentence_breaks": breaks,
        "qas": [question],
    }
    return json.dumps({"data": [{"paragraphs": [paragraph]}]})


def test_a_question_asks_for_its_answer_in_every_language(tmp_path):
    files = {
        "en.json": xquad_r("A b. C d.", [[0, 4], [5, 9]], 5),
        "de.json": xquad_r("E f. G.", [[0, 4], [5, 7]], 0),
    }
    written(tmp_path, **files)
    found = read(XquadR(("en", "de"), "."), tmp_path)
    assert [one.get("query_id") for one in found[:2]] == ["en-q", "de-q"]
    assert [one["gold"] for one in found[:2]] == [("en-0-1", "de-0-0")] * 2
    assert [one["candidate"] for one in found[2:]] == [
        *("A b.", "C d.", "E f.", "G.")
    ]
    assert found[2]["context"] == "A b. C d."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (xquad_r("A b.", [[0, 4]], 4), "begins in 0 sentences"),
        (xquad_r("A b.", [[0]], 0), "paragraph 1: it is not as in XQuAD-R"),
        ('{"data": [{}]}', "no SQuAD file"),
        ('{"data": [', r"en.json:1: no valid JSON"),
    ],
)
def test_a_damaged_file_of_sentences_is_named(tmp_path, content, message):
    written(tmp_path, **{"en.json": content})
    with pytest.raises(InputError, match=message):
        read(XquadR(("en",), "."), tmp_path)


@pytest.mark.parametrize(
    "sentences",
    [
        ["One. ", "Two? ", "Three!"],
        ["Dr. Who of the U.S. Army met J. Smith. ", "“So?” ", "He left."],
        ["He paid 3.5 p.m. or so. ", "Then (all) left..."],
        ["我来了。", "你呢？", "好！"],
        ["Нет. ", "Да, т. е. нет."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(sentences):
    ends = sentence_ends("".join(sentences))
    text, begin, found = "".join(sentences), 0, []
    for end in ends:
        found.append(text[begin:end].strip())
        begin = end
    assert found == [one.strip() for one in sentences]


def spans():
    context = "One sentence. Another one here. A third."
    for name, start in (("q1", 4), ("q2", 22), ("q3", None)):
        answers = () if start is None else (("x", start),)
        yield {
            "id": name,
            "question": name,
            "context": context,
            "answers": answers,
        }


def test_a_question_is_paired_with_its_answers_sentence():
    found = read(AnswerSentences(Generated(spans)), None)
    assert [one["candidate"].strip() for one in found] == [
        "One sentence.",
        "Another one here.",
    ]
    assert found[0]["context"].endswith("A third.")


def again():
    yield from spans()
    for fields in spans():
        yield fields | {"id": f"{fields['id']} again"}


def test_a_sentence_is_sought_in_once_however_often_it_is_asked_for():
    found = read(AnswerSentences(Generated(again), distinct=True), None)
    assert [one.get("candidate_id") for one in found] == [
        *("q1", "q2", None, None)
    ]
    assert [one["gold"] for one in found] == [("q1",), ("q2",)] * 2
    pairs = read(AnswerSentences(Generated(again)), None)
    assert all("candidate" in one for one in pairs)


def test_training_sentences_are_cut_as_xquad_r_is(data_dir):
    # XQuAD-R's English paragraphs are SQuAD's, cut by hand-checked rules.
    content = json.loads((data_dir / "lareqa/xquad-r/en.json").read_text())
    same = count = 0
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            ends = sentence_ends(paragraph["context"])
            for question in paragraph["qas"]:
                start = question["answers"][0]["answer_start"]
                end = next(one for one in ends if one > start)
                official = next(
                    stop
                    for _, stop in paragraph["sentence_breaks"]
                    if stop > start
                )
                same += abs(end - official) <= 1
                count += 1
    assert count == 1190
    assert same / count > 0.98


# The schema's own example, shortened (google-research, mel/mewsli_x/testdata).
ARTICLE = {
    "context": {
        "language": "en",
        "text": "Transit strike\n\nIn Helsinki, the {Finnish} union.  Strike.",
        "sentence_spans": [
            {"start": 0, "end": 14},
            {"start": 16, "end": 49},
            {"start": 51, "end": 58},
        ],
    },
    "mentions": [
        {
            "example_id": "c79",
            "mention_span": {"start": 19, "end": 27, "text": "Helsinki"},
            "entity_id": "Q1757",
        }
    ],
}
ENTITY = {
    "entity_id": "Q1757",
    "description": "Capital of\nFinland. On the sea.",
    "sentence_spans": [{"start": 0, "end": 19}, {"start": 20, "end": 31}],
}
QUERY = "Helsinki: In { Helsinki } , the (Finnish) union."


def test_a_mention_is_asked_for_with_its_sentence(tmp_path):
    other = {"context": {"language": "de"}, "mentions": []}
    lines = [json.dumps(one) for one in (other, ARTICLE)]
    written(tmp_path, **{"m.jsonl": "\n".join(lines)})
    (found,) = read(Mentions("m.jsonl", "en"), tmp_path)
    assert found == {"query": QUERY, "query_id": "c79", "gold": ("Q1757",)}


def test_pairs_and_entities_are_described_in_one_way(tmp_path):
    mention = {"context": ARTICLE["context"], "mention": ARTICLE["mentions"][0]}
    pair = json.dumps({"contextual_mention": mention, "entity": ENTITY})
    written(tmp_path, **{"p.jsonl": pair, "e.jsonl": json.dumps(ENTITY)})
    (found,) = read(MentionPairs("p.jsonl"), tmp_path)
    (entity,) = read(Entities("e.jsonl"), tmp_path)
    assert entity == {
        "candidate": "Capital of Finland. On the sea.",
        "candidate_id": "Q1757",
    }
    assert found == entity | {
        "query": QUERY,
        "query_id": "c79",
        "gold": ("Q1757",),
    }


def test_articles_without_their_text_say_how_to_get_it(tmp_path):
    bare = {**ARTICLE, "context": {**ARTICLE["context"], "text": ""}}
    written(tmp_path, **{"m.jsonl": json.dumps(bare)})
    with pytest.raises(InputError, match=r"m\.jsonl:1: .*get-mewsli-x"):
        read(Mentions("m.jsonl", "en"), tmp_path)
    written(tmp_path, **{"m.jsonl": "{}"})
    with pytest.raises(InputError, match="not as in Mewsli-X"):
        read(Mentions("m.jsonl", "en"), tmp_path)


@pytest.mark.parametrize("code", ["jv", "de", "zh"])
def test_tatoebas_gold_leads_back_to_the_official_pairs(data_dir, code):
    dataset = tasks.dataset(f"tatoeba.{code}")
    source = dataset.split("test").source
    english, foreign = (
        path.read_text().splitlines() for path in source.files(data_dir)
    )
    found = list(rows(dataset, "test", data_dir))
    candidates = {one["candidate_id"]: one["candidate"] for one in found}
    pairs = {(one["query"], candidates[one["gold"][0]]) for one in found}
    assert pairs == set(zip(english, foreign, strict=True))
    queries = [one["query"] for one in found]
    assert queries == sorted(english)


@pytest.mark.parametrize("code", ["en", "de", "es", "vi"])
def test_lareqa_loads_whole_and_each_question_has_one_answer(data_dir, code):
    found = list(rows(tasks.dataset(f"lareqa.{code}"), "test", data_dir))
    ids = {one["candidate_id"] for one in found} - {""}
    queries = [one for one in found if one["query_id"]]
    assert len(queries) == 1190
    assert all(len(one["gold"]) == 1 for one in queries)
    assert {one["gold"][0] for one in queries} <= ids


ROWS = (
    {
        "query": "The boy sees",
        "query_id": "q",
        "candidate": "a red house",
        "candidate_id": "c",
        "context": "A girl reads the book . " * 3,
    },
    {"query": "The garden", "query_id": "r", "gold": ("c",)},
    {"candidate": "Der Junge 🙂", "candidate_id": "d"},
    {
        "query": "the boy " * 20,
        "candidate": "the house " * 20,
        "context": "the garden " * 20,
    },
    {"query": "x", "candidate": "y"},
)


def generated(rows: tuple = ()):
    yield from map(dict, rows)


def toy() -> Dataset:
    rows = tuple(tuple(one.items()) for one in ROWS)
    source = Generated(generated, (("rows", rows),))
    return Dataset("toyfind.en", "retrieval", "en", (Split("train", source),))


def test_an_encoder_reads_each_side_between_its_markers(xlmr_vocabulary):
    registration = pytest.importorskip("tasks.registration")
    encode = load(xlmr_vocabulary, Path()).encode
    name = registration.task(toy(), "encoder", xlmr_vocabulary)
    found = singles(name, None)
    query = [0, *encode("The boy sees"), 2]
    first = ROWS[0]
    candidate = [
        *(0, *encode(first["candidate"]), 2, 2),
        *(*encode(first["context"].strip()), 2),
    ]
    assert found[0]["tokens"].tolist() == query + candidate
    assert found[0]["side_lengths"].tolist() == [len(query), len(candidate)]
    assert found[1]["side_lengths"].tolist() == [len(found[1]["tokens"]), 0]
    assert found[2]["tokens"].tolist() == [0, *encode("Der Junge 🙂"), 2]
    assert found[2]["side_lengths"].tolist() == [0, len(found[2]["tokens"])]


def test_queries_may_have_a_length_of_their_own(xlmr_vocabulary):
    registration = pytest.importorskip("tasks.registration")
    name = registration.task(toy(), "encoder", xlmr_vocabulary)
    found = singles(name, {"tokens": 20, "query": 5})
    assert found[3]["side_lengths"].tolist() == [5, 20]
    assert found[3]["tokens"].tolist()[4] == 2


def test_a_text_model_reads_queries_and_candidates_by_name(mt5_vocabulary):
    registration = pytest.importorskip("tasks.registration")
    encode = load(mt5_vocabulary, Path()).encode
    name = registration.task(toy(), "text", mt5_vocabulary)
    found = singles(name, None)
    assert found[1]["inputs"].tolist() == [*encode("query: The garden"), 1]
    assert found[1]["targets"].tolist() == []
    written = f"candidate: a red house context: {ROWS[0]['context'].strip()}"
    assert found[0]["targets"].tolist() == [*encode(written), 1]


@pytest.mark.parametrize("length", [None, 6, 20])
def test_batches_of_sides_are_the_single_examples(
    xlmr_vocabulary, mt5_vocabulary, length
):
    registration = pytest.importorskip("tasks.registration")
    for rendering, vocabulary, features in (
        ("encoder", xlmr_vocabulary, ("tokens",)),
        ("text", mt5_vocabulary, ("inputs", "targets")),
    ):
        name = registration.task(toy(), rendering, vocabulary)
        lengths = length and dict.fromkeys(features, length)
        expected = singles(name, lengths)
        assert_equal_rows(batched(name, lengths, 4), expected)
        first = next(registration.batches(name, "train", lengths, 4))
        assert all(isinstance(column, tuple) for column in first.values())
        most = length or 10**6
        for one in expected:
            sides = one.get("side_lengths", [len(one[f]) for f in features])
            assert max(sides) <= most
            for feature in features:
                assert one[feature].tolist()[-1:] in ([], [1], [2])


def test_what_evaluating_needs_is_ids_and_gold():
    canonical = retrieval.canonical(toy())
    query, candidate, pair = (
        retrieval.record(canonical(dict(ROWS[number]), "here"))
        for number in (1, 2, 0)
    )
    assert (query["id"], query["gold"]) == ("r", ["c"])
    assert "candidate" not in query and "id" not in candidate
    assert candidate["candidate"] == "d"
    assert pair.keys() == query.keys() | candidate.keys()
    # Equal texts have equal keys.
    same = canonical({"query": "The garden", "query_id": "s"}, "there")
    assert retrieval.record(same)["query_key"] == query["query_key"]


def test_a_side_without_text_is_refused():
    read = retrieval.canonical(toy())
    with pytest.raises(InputError, match="x:3: the query is empty"):
        read({"query": " ", "query_id": "q"}, "x:3")
    with pytest.raises(InputError, match="neither a query nor a candidate"):
        read({"context": "alone"}, "x:3")

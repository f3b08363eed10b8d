"""From a SeqIO task of a few sentences to a cache, and back."""

import dataclasses
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tasks import vocabularies
from tasks.row import Dataset, Split
from tasks.sources import Generated, JsonLines
from tasks.vocabularies import SentencePieceFile
from tasks.vocabulary_training import train
from xltransfer import claims
from xltransfer.data import cache as caches
from xltransfer.data.cache import Request
from xltransfer.errors import InputError

WORDS = (
    *("the", "a", "boy", "girl", "sees", "reads"),
    *("red", "blue", "house", "book", "in", "garden"),
)
LABELS = ("entailment", "neutral", "contradiction")


def sentences(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return [
        " ".join(random.choice(WORDS, size=random.integers(1, 12)))
        for _ in range(count)
    ]


def pairs(count: int, seed: int):
    premises, hypotheses = sentences(count, seed), sentences(count, seed + 1)
    for number, (premise, hypothesis) in enumerate(
        zip(premises, hypotheses, strict=True)
    ):
        yield {
            "premise": premise,
            "hypothesis": hypothesis,
            "label": LABELS[number % 3],
        }


def texts(count: int, seed: int):
    for text in sentences(count, seed):
        yield {"text": text}


def broken_pairs(count: int):
    yield from pairs(count, seed=0)
    yield {"premise": "a", "hypothesis": "b", "label": "perhaps"}


def source(generator, **arguments) -> Generated:
    return Generated(generator, tuple(arguments.items()))


NLI = Dataset(
    name="small_nli.en",
    problem="classification",
    language="en",
    # More than one batch of the builder.
    splits=(
        Split("train", source(pairs, count=1100, seed=1), 1100),
        Split("dev", source(pairs, count=50, seed=5), 50),
    ),
    labels=LABELS,
    template="xnli: premise: {premise} hypothesis: {hypothesis}",
    text_labels=("0", "1", "2"),
)
TEXT = Dataset(
    name="small_text.en",
    problem="language_modeling",
    language="en",
    splits=(Split("train", source(texts, count=300, seed=3), 300),),
    metrics=(),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("caches")


@pytest.fixture(scope="module")
def vocabulary(folder):
    """One for each family."""
    made = {}
    for family, size in (("xlmr", 42), ("mt5", 395)):
        path = folder / f"{family}.model"
        lines = [*sentences(200), "xnli: premise: hypothesis: 0 1 2"]
        train(lines, path, family=family, size=size)
        made[family] = SentencePieceFile(family, str(path))
    return made


@pytest.fixture(scope="module")
def nli(vocabulary, folder):
    return Request(
        NLI, "train", "encoder", vocabulary["xlmr"], (("tokens", 9),)
    )


@pytest.fixture(scope="module")
def requests(vocabulary, nli):
    inputs_targets = (("inputs", 14), ("targets", 4))
    return {
        "nli": nli,
        "nli as text": Request(
            NLI, "train", "text", vocabulary["mt5"], inputs_targets
        ),
        "text": Request(
            TEXT, "train", "encoder", vocabulary["xlmr"], (("tokens", 7),)
        ),
    }


@pytest.mark.parametrize("name", ["nli", "nli as text", "text"])
def test_rows_are_those_of_iterating_the_seqio_task(name, requests, folder):
    import seqio

    from tasks import registration

    request = requests[name]
    cache = caches.prepare(request, folder)
    task = registration.task(
        request.dataset, request.rendering, request.vocabulary
    )
    expected = list(
        seqio.get_mixture_or_task(task)
        .get_dataset(dict(request.lengths), "train", shuffle=False)
        .as_numpy_iterator()
    )
    assert cache.size == len(expected)
    for number, example in enumerate(expected):
        assert set(example) == set(cache.manifest["features"])
        for feature, value in example.items():
            ours = (
                cache.tokens(feature, number)
                if feature in cache.sequences
                else cache.scalars(feature)[number]
            )
            np.testing.assert_array_equal(ours, value)


def test_lengths_are_those_of_the_sequences(requests, folder):
    cache = caches.prepare(requests["nli as text"], folder)
    assert cache.sequences == ("inputs", "targets")
    expected = [
        [len(cache.tokens(name, number)) for name in cache.sequences]
        for number in range(cache.size)
    ]
    lengths = cache.lengths("inputs", "targets")
    np.testing.assert_array_equal(lengths, expected)
    # Nothing exceeds what was asked for, and something reaches it.
    assert lengths.max(axis=0).tolist() == [14, 3]


def test_answers_of_a_text_rendering_are_its_targets(requests, folder):
    cache = caches.prepare(requests["nli as text"], folder)
    answers = cache.manifest["answers"]
    for number in range(30):
        label = cache.scalars("label")[number]
        assert cache.tokens("targets", number).tolist() == answers[label]


def test_preparing_again_builds_nothing(nli, folder, monkeypatch):
    first = caches.prepare(nli, folder)
    monkeypatch.setattr(caches, "_build", None)
    assert caches.prepare(nli, folder) == first


def change(dataset: Dataset, **fields) -> Dataset:
    return dataclasses.replace(dataset, **fields)


@pytest.mark.parametrize(
    "changed",
    [
        lambda r: dataclasses.replace(r, lengths=(("tokens", 10),)),
        lambda r: dataclasses.replace(r, split="dev"),
        lambda r: dataclasses.replace(r, rendering="text"),
        lambda r: dataclasses.replace(r, dataset=change(NLI, version=2)),
        lambda r: dataclasses.replace(
            r, dataset=change(NLI, template="nli: {premise}")
        ),
        lambda r: dataclasses.replace(
            r, dataset=change(NLI, labels=LABELS[::-1])
        ),
        lambda r: dataclasses.replace(
            r, dataset=change(NLI, text_labels=("a", "b", "c"))
        ),
        lambda r: dataclasses.replace(
            r, dataset=change(NLI, dropped_labels=("neutral",))
        ),
        lambda r: dataclasses.replace(
            r,
            dataset=change(
                NLI,
                splits=(Split("train", source(pairs, count=1100, seed=2)),),
            ),
        ),
    ],
    ids=[
        *("length", "split", "rendering", "version", "template", "labels"),
        *("text labels", "dropped labels", "source"),
    ],
)
def test_whatever_changes_the_rows_changes_the_place(changed, nli, folder):
    assert caches.location(changed(nli), folder, None) != caches.location(
        nli, folder, None
    )


def test_another_vocabulary_changes_the_place(nli, folder):
    path = folder / "other.model"
    train(sentences(200, seed=1), path, family="xlmr", size=34)
    other = dataclasses.replace(
        nli, vocabulary=SentencePieceFile("xlmr", str(path))
    )
    assert caches.location(other, folder, None) != caches.location(
        nli, folder, None
    )


def test_other_data_in_the_same_file_change_the_place(nli, tmp_path):
    fields = ("premise", "hypothesis", "label")
    row = change(
        NLI,
        splits=(
            Split(
                "train",
                JsonLines("a.jsonl", tuple((name, name) for name in fields)),
            ),
        ),
    )
    request = dataclasses.replace(nli, dataset=row)
    places = []
    for folder, label in (("one", "neutral"), ("two", "entailment")):
        data_dir = tmp_path / folder
        data_dir.mkdir()
        example = {"premise": "a", "hypothesis": "b", "label": label}
        (data_dir / "a.jsonl").write_text(json.dumps(example) + "\n")
        places.append(caches.location(request, tmp_path, data_dir))
    assert places[0] != places[1]


def copied(cache, tmp_path):
    directory = tmp_path / "copy"
    directory.mkdir()
    for path in cache.directory.iterdir():
        (directory / path.name).write_bytes(path.read_bytes())
    return directory


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "tokens.npy", "tokens.offsets.npy", "label.npy"],
)
@pytest.mark.parametrize("kept", [0, 0.5, 0.99, None])
def test_a_damaged_cache_is_refused(name, kept, requests, folder, tmp_path):
    directory = copied(caches.prepare(requests["nli"], folder), tmp_path)
    whole = (directory / name).read_bytes()
    if kept is None:
        (directory / name).unlink()
    else:
        (directory / name).write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(InputError, match="delete the folder"):
        caches.open_cache(directory)


def test_a_manifest_of_other_fields_is_refused(nli, folder, tmp_path):
    directory = copied(caches.prepare(nli, folder), tmp_path)
    for content in ("{}", "[]", "3"):
        (directory / "manifest.json").write_text(content)
        with pytest.raises(InputError, match="damaged"):
            caches.open_cache(directory)


def test_a_cache_of_another_size_is_refused(nli, folder, tmp_path):
    directory = copied(caches.prepare(nli, folder), tmp_path)
    np.save(directory / "label.npy", np.zeros(7, np.uint16))
    with pytest.raises(InputError, match="label: 7 values, expected 1100"):
        caches.open_cache(directory)


def test_nothing_is_left_when_the_source_fails_in_the_middle(nli, tmp_path):
    row = change(
        NLI, splits=(Split("train", source(broken_pairs, count=1500)),)
    )
    request = dataclasses.replace(nli, dataset=row)
    with pytest.raises(InputError, match=r"broken_pairs:1501.*perhaps"):
        caches.prepare(request, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    # Who tried to build it, and no longer does.
    assert [path.parent.name for path in files] == [claims.NAME]
    assert claims.holder(files[0].parent.parent) is None
    assert not caches.location(request, tmp_path, None).exists()


def test_a_split_of_another_size_is_refused(nli, tmp_path):
    row = change(NLI, splits=(Split("train", NLI.splits[0].source, 1099),))
    request = dataclasses.replace(nli, dataset=row)
    with pytest.raises(InputError, match="1100 examples"):
        caches.prepare(request, tmp_path)
    assert not caches.location(request, tmp_path, None).exists()


def test_a_folder_in_the_way_is_named(nli, tmp_path):
    directory = caches.location(nli, tmp_path, None)
    directory.mkdir(parents=True)
    (directory / "tokens.npy").write_bytes(b"")
    with pytest.raises(InputError, match="in the way"):
        caches.prepare(nli, tmp_path)
    assert [path.name for path in directory.parent.iterdir()] == [
        directory.name
    ]


def test_ids_take_two_bytes_where_they_fit():
    assert caches._narrow(np.array([0, 65535])).dtype == np.uint16
    assert caches._narrow(np.array([0, 65536])).dtype == np.int32
    assert caches._narrow(np.array([-1, 5])).dtype == np.int32


def test_a_prepared_cache_trains_without_tensorflow(requests, folder):
    directory = caches.prepare(requests["nli"], folder).directory
    script = f"""
import sys
from pathlib import Path
import numpy as np
from xltransfer.data.cache import open_cache
from xltransfer.data.features import EncoderClassification
from xltransfer.data.loader import EvaluationBatches, TrainingBatches
cache = open_cache(Path({str(directory)!r}))
features = EncoderClassification(1)
batches = TrainingBatches(((cache, 1.0),), features, 8, (9,), seed=0)
assert next(batches.iterate(3, np.arange)).examples == 8
assert next(EvaluationBatches(cache, features, (9,), 4).iterate(np.arange))
loaded = {{name.split(".")[0] for name in sys.modules}}
assert not loaded & {{"tensorflow", "seqio", "tensorflow_datasets"}}, loaded
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_vocabulary_is_loaded_as_it_was_trained(requests, folder):
    # The first row of the cache decodes to the first pair, cut at 9 tokens.
    cache = caches.prepare(requests["nli"], folder)
    pieces = vocabularies.load(requests["nli"].vocabulary, folder)
    first = next(pairs(1100, seed=1))
    ids = cache.tokens("tokens", 0).tolist()
    assert ids[0] == pieces.bos_id and ids[-1] == pieces.eos_id
    premise = ids[1 : ids.index(pieces.eos_id)]
    assert pieces.encode(first["premise"])[: len(premise)] == premise


def test_of_workers_that_want_the_same_cache_one_builds_it(
    nli, tmp_path, monkeypatch
):
    build, built = caches._build, []

    def slow(*arguments):
        built.append(arguments)
        # Long enough for the others to find that somebody builds.
        time.sleep(0.5)
        build(*arguments)

    monkeypatch.setattr(caches, "_build", slow)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(caches.prepare, [nli] * 3, [tmp_path] * 3))
    assert len(built) == 1
    assert [one.size for one in found] == [1100] * 3

"""What a checkpoint says of itself, and what fits it."""

import json
from pathlib import Path

import pytest
from command import TINY
from small_models import MT5_CONFIG, XLMR

import tasks
from tasks.vocabularies import PublishedVocabulary, SentencePieceFile
from xltransfer import configuration, fitting, study
from xltransfer.contents import Contents, Head
from xltransfer.errors import InputError
from xltransfer.reading import Reading
from xltransfer.trained import Trained, trained

TEST = ("test",)
LABELS = ("entailment", "neutral", "contradiction")


@pytest.fixture
def phase(tmp_path) -> Path:
    """The folder of a finished phase, without its parameters."""
    found = next(study.cells(configuration.load(TINY, ())[0])).phase
    folder = tmp_path / "target-1"
    for step in (3, 4, 6):
        (folder / "checkpoints" / str(step) / "state").mkdir(parents=True)
    plain = {"configuration": found.configuration(None)}
    (folder / "phase.json").write_text(json.dumps(plain))
    (folder / "vocabulary.model").write_bytes(b"pieces")
    steps = {"english_dev": 3, "oracle": 4, "last": 6}
    record = {
        "identity": "1d",
        "selection": "english_dev",
        "step": 3,
        "rules": {
            f"{name}-0": {"rule": name, "step": step, "score": 1.0}
            for name, step in steps.items()
        },
    }
    (folder / "done.json").write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    ("rule", "name", "step"),
    [
        (None, "english_dev", 3),
        ("english_dev", "english_dev", 3),
        ("oracle", "oracle", 4),
        ("last", "last", 6),
    ],
)
def test_a_phase_gives_the_checkpoint_of_a_rule(phase, rule, name, step):
    found = trained(str(phase), rule=rule)
    assert found.origin == f"xl:{phase / 'checkpoints' / str(step)}"
    assert found.protocol == {
        "phase": "1d",
        "selection": name,
        "checkpoint": step,
        "seed": 1,
        "lengths": {"tokens": 32},
        "trimmed_softmax": None,
    }


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((False, False), False),
        ((False, True), True),
        ((True, False), True),
        # Whoever has the last folder alone does not know.
        ((None, False), None),
        ((None, True), True),
    ],
)
def test_a_softmax_that_was_trimmed_before_is_told(phase, flags, expected):
    path = phase / "phase.json"
    record = json.loads(path.read_text())
    parent = {"configuration": dict(record["configuration"]) | {"parent": None}}
    for one, flag in zip((parent, record), flags, strict=True):
        training = one["configuration"]["training"]
        one["configuration"]["training"] = training | {"trimmed_softmax": flag}
    record["configuration"]["parent"] = "f00d"
    path.write_text(json.dumps(record))
    if flags[0] is not None:
        folder = phase.parent / "pretrain-f00d"
        folder.mkdir()
        (folder / "phase.json").write_text(json.dumps(parent))
    assert trained(str(phase)).protocol["trimmed_softmax"] is expected


def test_a_checkpoint_by_its_folder_was_given(phase):
    found = trained(f"xl:{phase / 'checkpoints' / '4'}")
    assert found.protocol["selection"] == "given"
    assert found.protocol["checkpoint"] == 4
    with pytest.raises(InputError, match="is one checkpoint, not the folder"):
        trained(f"xl:{phase / 'checkpoints' / '4'}", rule="last")


def test_a_rule_that_chose_nothing_is_named_with_the_nearest(phase):
    with pytest.raises(InputError, match="Did you mean 'oracle'"):
        trained(str(phase), rule="orakel")


def test_a_phase_is_read_as_it_was_trained_unless_told_otherwise(
    phase, tmp_path
):
    found = trained(str(phase)).reading
    assert found.lengths == (("tokens", 32),)
    assert found.vocabulary == SentencePieceFile(
        "xlmr", str(phase / "vocabulary.model")
    )
    other = tmp_path / "other.model"
    other.write_bytes(b"others")
    told = trained(str(phase), lengths={"tokens": 24}, vocabulary=other).reading
    assert told.lengths == (("tokens", 24),)
    assert told.vocabulary == SentencePieceFile("xlmr", str(other))
    (phase / "vocabulary.model").unlink()
    found = trained(str(phase)).reading
    assert found.vocabulary == PublishedVocabulary("xlmr")


def model(heads: dict, config: object = XLMR) -> Trained:
    lengths = (("tokens", 32),)
    if config is MT5_CONFIG:
        lengths = (("inputs", 32), ("targets", 8))
    reading = Reading(config, PublishedVocabulary("xlmr"), lengths)
    where = Path("config.json")
    return Trained("xl:here", Contents(where, config, heads), reading, {})


def heads_of(found: fitting.Fitting) -> dict[str, str | None]:
    return {one.dataset.name: one.head for one in found.fits}


NLI = ("miniature_nli.sw", "miniature_nli.tr")


def test_each_dataset_gets_the_head_that_has_its_problem_and_labels():
    several = {
        "classification": Head("classification", ("0", "1")),
        "classification_of_2": Head("classification", LABELS),
        "language_modeling": Head("language_modeling"),
    }
    found = fitting.fitting(model(several), NLI, TEST, None)
    assert heads_of(found) == dict.fromkeys(NLI, "classification_of_2")
    assert found.left_out == {}


def test_labels_in_another_order_fit():
    turned = {None: Head("classification", LABELS[::-1])}
    found = fitting.fitting(model(turned), NLI, TEST, None)
    assert heads_of(found) == dict.fromkeys(NLI)


def test_reasons_stand_with_all_that_they_leave_out():
    one = model({None: Head("classification", LABELS)})
    names = (*NLI, "xnli.sw", "xnli.ur", "xquad.en", "miniature_inference.sw")
    found = fitting.fitting(one, names, TEST, Path("nowhere"))
    assert found.notes() == [
        "left out, as their files are not in the data directory: xnli (sw, ur)",
        "left out, for want of a head for span (there is classification): "
        "xquad (en)",
        "left out, as they have no split 'test': miniature_inference (sw)",
    ]


def test_mt5_needs_a_head_for_dual_encoders_alone(tmp_path):
    one = model({None: Head("language_modeling")}, MT5_CONFIG)
    touch(tmp_path, "tatoeba.jv", "test")
    names = (*NLI, "tatoeba.jv", "lareqa.de", "miniature_text.mul")
    found = fitting.fitting(one, names, TEST, tmp_path)
    assert set(heads_of(found)) == {*NLI, "tatoeba.jv"}
    assert [note.split(": ")[1] for note in found.notes()] == [
        "lareqa (de)",
        "miniature_text (mul)",
    ]


def test_any_encoder_seeks_translations(tmp_path):
    split = tasks.dataset("tatoeba.sw").split("test")
    for path in split.source.files(tmp_path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    bare = model({None: Head(None)})
    found = fitting.fitting(bare, ("tatoeba.sw",), TEST, tmp_path)
    assert heads_of(found) == {"tatoeba.sw": None}


def touch(folder: Path, name: str, split: str) -> None:
    for path in tasks.dataset(name).split(split).source.files(folder):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_all_that_lies_in_a_data_directory_is_present(tmp_path):
    for name, split in (
        *(("indonli.id", "test"), ("farstail.fa", "train")),
        *(("tatoeba.jv", "test"), ("xcopa.et", "dev")),
    ):
        touch(tmp_path, name, split)
    one = model({None: Head("classification", LABELS)})
    found = fitting.fitting(one, ("present",), TEST, tmp_path)
    assert set(heads_of(found)) == {"indonli.id", "tatoeba.jv"}
    assert found.left_out == {
        "as their files are not in the data directory": ("farstail.fa",),
        "for want of a head for multiple_choice (there is classification)": (
            "xcopa.et",
        ),
    }
    with pytest.raises(InputError, match="pass --data-dir"):
        fitting.fitting(one, ("present",), TEST, None)


def test_a_dataset_offers_all_of_its_splits_that_are_there(tmp_path):
    touch(tmp_path, "indonli.id", "dev")
    touch(tmp_path, "indonli.id", "test")
    touch(tmp_path, "ocnli.zh", "dev")
    one = model({None: Head("classification", LABELS)})
    found = fitting.fitting(one, ("present",), ("test", "dev"), tmp_path)
    parts = {
        fit.dataset.name: [part.split for part in fit.parts]
        for fit in found.fits
    }
    assert parts["indonli.id"] == ["test", "dev"]
    assert parts["ocnli.zh"] == ["dev"]


def test_nothing_to_evaluate_on_is_an_error():
    bare = model({None: Head(None)})
    with pytest.raises(InputError, match="for want of a head for classif"):
        fitting.fitting(bare, NLI, TEST, None)

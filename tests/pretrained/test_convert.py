"""What is converted is the same to the last bit, and computes the same."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tasks import vocabulary_training
from tasks.vocabularies import PIECES
from xltransfer import convert, fingerprint
from xltransfer.checkpoints import Checkpoints
from xltransfer.errors import InputError
from xltransfer.models.xlmr import XLMRClassifier
from xltransfer.models.xlmr_tasks import XLMRTagger
from xltransfer.pretrained import hf_export, huggingface, t5x

WEIGHTS = "model.safetensors"
# Of every folder of the reference: the class that it is saved by.
CLASSES = {
    "xlmr_classifier": "XLMRobertaForSequenceClassification",
    "xlmr_choice": "XLMRobertaForMultipleChoice",
    "xlmr_tagger": "XLMRobertaForTokenClassification",
    "xlmr_span": "XLMRobertaForQuestionAnswering",
    "xlmr_masked_lm": "XLMRobertaForMaskedLM",
    "xlmr_embedding": "XLMRobertaModel",
    "xlmr_retriever": "XLMRobertaModel",
    "xlmr_xl_classifier": "XLMRobertaXLForSequenceClassification",
    "xlmr_xl_choice": "XLMRobertaXLForMultipleChoice",
    "xlmr_xl_tagger": "XLMRobertaXLForTokenClassification",
    "xlmr_xl_span": "XLMRobertaXLForQuestionAnswering",
    "xlmr_xl_masked_lm": "XLMRobertaXLForMaskedLM",
    "xlmr_xl_embedding": "XLMRobertaXLModel",
    "xlmr_xl_retriever": "XLMRobertaXLModel",
    "mt5": "MT5ForConditionalGeneration",
    "mt5_embedding": "MT5EncoderModel",
    "umt5": "UMT5ForConditionalGeneration",
    "umt5_embedding": "UMT5EncoderModel",
}


@pytest.fixture(scope="module")
def converted(reference, tmp_path_factory) -> Path:
    """Hugging Face's directories, through our own layout and back."""
    folder = tmp_path_factory.mktemp("converted")
    for name in CLASSES:
        own = folder / f"{name}-xl"
        assert convert.convert(f"hf:{reference / name}", own, "xl") == ()
        convert.convert(str(own), folder / name, "hf")
    return folder


@pytest.mark.parametrize("name", CLASSES)
def test_hugging_face_through_our_own_and_back_is_bitwise(
    reference, converted, name
):
    expected = {}
    for path in (reference / name).glob("*.safetensors"):
        expected |= load_file(path)
    found = load_file(converted / name / WEIGHTS)
    assert found.keys() == expected.keys()
    for one, tensor in expected.items():
        assert found[one].tobytes() == tensor.tobytes(), one
    scale = Path(name) / "dual_encoder.json"
    if (reference / scale).is_file():
        expected, found = (
            json.loads((folder / scale).read_text())
            for folder in (reference, converted)
        )
        assert found == expected


def test_t5x_through_our_own_and_back_is_bitwise(converted, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    convert.convert(f"hf:{converted / 'mt5'}", first, "t5x")
    convert.convert(f"t5x:{first}", tmp_path / "own", "xl")
    convert.convert(f"xl:{tmp_path / 'own'}", second, "t5x")
    files = sorted(
        one.relative_to(first) for one in first.rglob("*") if one.is_file()
    )
    assert len(files) > 100
    for one in files:
        assert (first / one).read_bytes() == (second / one).read_bytes(), one
    read = t5x.open_checkpoint(str(second))
    assert read.keys() == t5x.open_checkpoint(str(first)).keys()


def test_hugging_face_computes_the_same_logits(reference, converted):
    script = Path(__file__).parents[1] / "reference" / "reloading.py"
    done = subprocess.run(
        [sys.executable, str(script), str(reference), str(converted)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: one["class"] for name, one in found.items()} == CLASSES
    for name, one in found.items():
        # The same numbers, summed in another order: rounding.
        assert one["difference"] <= 1e-5, name
        assert one["missing"] == one["unexpected"] == [], name
    # What is said of umT5: its logits come divided by the root of 24.
    assert found["umt5"]["as_loaded"] <= 1e-5


@pytest.mark.parametrize(
    ("name", "family"),
    [("xlmr_tagger", "xlmr"), ("xlmr_xl_choice", "xlmr"), ("umt5", "mt5")],
)
def test_a_tokenizer_comes_along(
    reference, tmp_path, sentencepiece_models, name, family
):
    source = tmp_path / "source"
    shutil.copytree(reference / name, source)
    model = sentencepiece_models[family]
    shutil.copy(model, source / FILES[family])
    convert.convert(f"hf:{source}", tmp_path / "xl", "xl")
    notes = convert.convert(str(tmp_path / "xl"), tmp_path / "hf", "hf")
    assert any("AutoTokenizer" in one for one in notes)
    written = (tmp_path / "hf" / FILES[family]).read_bytes()
    assert written == model.read_bytes()

    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "hf")
    pieces = PIECES[family](model)
    start = [0] if family == "xlmr" else []
    for text in ("sentence 7 of 49 words", "a wörd unknown"):
        ids = [*start, *pieces.encode(text), pieces.eos_id]
        assert tokenizer(text)["input_ids"] == ids
    # The positions that are there, less those that fairseq leaves out.
    length = {"xlmr": 38, "mt5": int(1e30)}[family]
    assert tokenizer.model_max_length == length


FILES = {"xlmr": "sentencepiece.bpe.model", "mt5": "spiece.model"}


@pytest.fixture(scope="module")
def sentencepiece_models(tmp_path_factory) -> dict[str, Path]:
    """A model of each family, trained on a few lines."""
    folder = tmp_path_factory.mktemp("vocabularies")
    texts = [f"sentence {one} of {one * one % 97} words" for one in range(300)]
    sizes = {"xlmr": 50, "mt5": 400}
    for family, size in sizes.items():
        vocabulary_training.train(
            texts, folder / family, family=family, size=size
        )
    return {family: folder / family for family in sizes}


def test_a_vocabulary_without_a_tokenizer_there_is_noted(reference, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(reference / "xlmr_masked_lm", source)
    vocabulary_training.train(
        ["a b c"] * 5,
        source / FILES["xlmr"],
        family="xlmr",
        size=8,
        model_type="word",
    )
    (note,) = convert.convert(f"hf:{source}", tmp_path / "hf", "hf")
    assert "no tokenizer was written" in note and "unigram" in note
    found = {one.name for one in (tmp_path / "hf").iterdir()}
    assert found == {"config.json", WEIGHTS}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("xlmr_retriever", "dual_encoder.json"),
        ("xlmr_embedding", "add_pooling_layer=False"),
        ("umt5", "tie_word_embeddings to False"),
    ],
)
def test_what_loading_takes_is_noted(reference, tmp_path, name, words):
    notes = convert.convert(f"hf:{reference / name}", tmp_path / "out", "hf")
    assert any(words in one for one in notes)


@pytest.fixture(scope="module")
def several(reference, tmp_path_factory) -> Path:
    """A phase on a classification and two kinds of tags, made by hand."""
    folder = tmp_path_factory.mktemp("several") / "phase"
    config = huggingface.read_config(reference / "xlmr_tagger")
    classifier, tagger = (
        huggingface.load(reference / name, build(config, 3)).params
        for name, build in (
            ("xlmr_classifier", XLMRClassifier),
            ("xlmr_tagger", XLMRTagger),
        )
    )
    zeros = jax.tree.map(np.zeros_like, tagger["head"])
    heads = {
        "classification": {"head": classifier["head"]},
        "tagging": {"head": zeros},
        "tagging_of_2": {"head": tagger["head"]},
    }
    params = {"encoder": tagger["encoder"], "heads": heads}
    components = [
        {"problem": "tagging", "labels": ["x", "y", "z"]},
        {"problem": "classification", "labels": ["no", "maybe", "yes"]},
        {"problem": "tagging", "labels": ["A", "B", "C"]},
        {"problem": "tagging", "labels": ["x", "y", "z"]},
    ]
    configuration = {
        "model": fingerprint.canonical(config),
        "problem": "multitask",
        "labels": [],
        "components": components,
    }
    with Checkpoints(folder / "checkpoints") as checkpoints:
        checkpoints.save(7, {"params": params}, {})
    for name, content in (
        ("phase.json", {"configuration": configuration}),
        ("done.json", {"step": 7}),
    ):
        (folder / name).write_text(json.dumps(content))
    return folder


def test_one_head_of_several_is_chosen_by_name(reference, several, tmp_path):
    convert.convert(str(several), tmp_path / "hf", "hf", "tagging_of_2")
    expected = load_file(reference / "xlmr_tagger" / WEIGHTS)
    found = load_file(tmp_path / "hf" / WEIGHTS)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[n], x) for n, x in expected.items())
    written = json.loads((tmp_path / "hf" / "config.json").read_text())
    assert written["architectures"] == [CLASSES["xlmr_tagger"]]
    assert list(written["id2label"].values()) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (None, "choose by --head one of tagging, classification, tagging_of_2"),
        ("taging", r"'taging' is none of .*Did you mean 'tagging'"),
    ],
)
def test_a_head_that_is_not_there_is_refused(several, tmp_path, head, message):
    with pytest.raises(InputError, match=message):
        convert.convert(str(several), tmp_path / "out", "hf", head)


def test_a_head_is_chosen_of_several_only(reference, tmp_path):
    with pytest.raises(InputError, match="no phase with several heads"):
        convert.convert(
            f"hf:{reference / 'mt5'}", tmp_path / "out", "hf", "tagging"
        )


def test_labels_come_along_in_the_order_of_their_numbers(reference, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(reference / "xlmr_classifier", source)
    # As a text sorts them.
    names = {str(i): f"label {i}" for i in (0, 1, 10, 11, *range(2, 10))}
    _edit(source, id2label=names)
    tensors = load_file(source / WEIGHTS)
    for one in ("weight", "bias"):
        rows = tensors[f"classifier.out_proj.{one}"]
        tensors[f"classifier.out_proj.{one}"] = np.concatenate([rows] * 4)
    save_file(tensors, source / WEIGHTS)
    convert.convert(f"hf:{source}", tmp_path / "xl", "xl")
    convert.convert(str(tmp_path / "xl"), tmp_path / "hf", "hf")
    written = json.loads((tmp_path / "hf" / "config.json").read_text())
    assert written["id2label"] == names
    assert written["label2id"]["label 10"] == 10


def test_labels_that_leave_a_number_out_are_refused(reference, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(reference / "xlmr_classifier", source)
    _edit(source, id2label={"0": "yes", "2": "no", "3": "maybe"})
    with pytest.raises(InputError, match=r"config\.json: id2label"):
        convert.convert(f"hf:{source}", tmp_path / "out", "hf")


def test_a_pooling_that_is_not_hugging_faces_is_refused(reference, tmp_path):
    own = tmp_path / "own"
    convert.convert(f"hf:{reference / 'xlmr_classifier'}", own, "xl")
    fields = json.loads((own / "phase.json").read_text())
    fields["configuration"]["model"]["pooling"] = "compared_sentences"
    (own / "phase.json").write_text(json.dumps(fields))
    with pytest.raises(InputError, match="reads the first token only"):
        convert.convert(str(own), tmp_path / "out", "hf")
    assert not (tmp_path / "out").exists()


def _edit(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_nothing_is_left_of_what_could_not_be_written(
    reference, tmp_path, monkeypatch
):
    def full(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr(hf_export, "write_safetensors", full)
    with pytest.raises(InputError, match="no space left"):
        convert.convert(f"hf:{reference / 'mt5'}", tmp_path / "out", "hf")
    assert list(tmp_path.iterdir()) == []


def test_mt5_as_a_dual_encoder_keeps_its_scale(reference, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(reference / "mt5", source)
    (source / "dual_encoder.json").write_text('{"scale": 7.5}')
    convert.convert(f"hf:{source}", tmp_path / "xl", "xl")
    notes = convert.convert(str(tmp_path / "xl"), tmp_path / "hf", "hf")
    assert any("mean of the encoder's" in one for one in notes)
    written = json.loads((tmp_path / "hf" / "dual_encoder.json").read_text())
    assert written == {"scale": 7.5}
    expected = {}
    for path in source.glob("*.safetensors"):
        expected |= load_file(path)
    found = load_file(tmp_path / "hf" / WEIGHTS)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].tobytes() == tensor.tobytes(), name
    with pytest.raises(InputError, match="T5X's layout"):
        convert.convert(str(tmp_path / "xl"), tmp_path / "t5x", "t5x")


@pytest.mark.parametrize("name", ["xlmr_span", "mt5_embedding", "umt5"])
def test_t5x_has_no_layout_but_mt5s(reference, tmp_path, name):
    with pytest.raises(InputError, match=f"mT5 .*{CLASSES[name]}"):
        convert.convert(f"hf:{reference / name}", tmp_path / "out", "t5x")
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_not_overwritten(reference, tmp_path):
    with pytest.raises(InputError, match="exists"):
        convert.convert(f"hf:{reference / 'mt5'}", tmp_path, "hf")


def test_an_unknown_layout_or_architecture_is_refused(reference, tmp_path):
    with pytest.raises(InputError, match=r"--to 'hff'.*Did you mean 'hf'"):
        convert.convert(f"hf:{reference / 'mt5'}", tmp_path / "out", "hff")
    source = tmp_path / "source"
    shutil.copytree(reference / "mt5", source)
    _edit(source, architectures=["MT5Model"])
    with pytest.raises(InputError, match="architecture 'MT5Model'"):
        convert.convert(f"hf:{source}", tmp_path / "out", "hf")


def test_the_command_prints_the_folder(command, reference, tmp_path):
    out, _ = command.run(
        "convert",
        f"hf:{reference / 'xlmr_classifier'}",
        tmp_path / "out",
        "--to",
        "hf",
    )
    assert out.strip() == str(tmp_path / "out")
    assert (tmp_path / "out" / WEIGHTS).is_file()
    command.run("convert", "hf:nowhere", tmp_path / "no", "--to", "hf", code=2)

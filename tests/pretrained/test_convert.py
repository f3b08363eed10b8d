"""What is converted is the same to the last bit, and computes the same."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tasks import vocabulary_training
from tasks.pieces import XLMRPieces
from xltransfer import convert
from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRConfig, XLMRMaskedLM
from xltransfer.pretrained import hf_export, t5x

WEIGHTS = "model.safetensors"
NAMES = ("xlmr_classifier", "xlmr_masked_lm", "mt5")


@pytest.fixture(scope="module")
def converted(reference, tmp_path_factory) -> Path:
    """Hugging Face's directories, through our own layout and back."""
    folder = tmp_path_factory.mktemp("converted")
    for name in NAMES:
        own = folder / f"{name}-xl"
        convert.convert(f"hf:{reference / name}", own, "xl")
        convert.convert(str(own), folder / name, "hf")
    return folder


@pytest.mark.parametrize("name", NAMES)
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
    assert {name: one["class"] for name, one in found.items()} == {
        "xlmr_classifier": "XLMRobertaForSequenceClassification",
        "xlmr_masked_lm": "XLMRobertaForMaskedLM",
        "mt5": "MT5ForConditionalGeneration",
    }
    for one in found.values():
        # The same numbers, summed in another order: rounding.
        assert one["difference"] <= 1e-6
        assert one["missing"] == one["unexpected"] == []


def test_labels_and_tokenizer_come_along(reference, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(reference / "xlmr_classifier", source)
    fields = json.loads((source / "config.json").read_text())
    names = {"0": "entailment", "1": "neutral", "2": "contradiction"}
    fields["id2label"] = names
    (source / "config.json").write_text(json.dumps(fields))
    texts = [f"sentence {one} of {one * one % 97} words" for one in range(300)]
    model = source / "sentencepiece.bpe.model"
    vocabulary_training.train(texts, model, family="xlmr", size=50)
    convert.convert(f"hf:{source}", tmp_path / "xl", "xl")
    convert.convert(str(tmp_path / "xl"), tmp_path / "hf", "hf")
    written = json.loads((tmp_path / "hf" / "config.json").read_text())
    assert written["id2label"] == names
    assert written["label2id"]["contradiction"] == 2

    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "hf")
    pieces = XLMRPieces(model)
    for text in ("sentence 7 of 49 words", "a wörd unknown"):
        assert tokenizer(text)["input_ids"] == [0, *pieces.encode(text), 2]


def test_a_bare_encoder_stays_one(reference, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    fields = json.loads((reference / "xlmr_masked_lm/config.json").read_text())
    fields["architectures"] = ["XLMRobertaModel"]
    (source / "config.json").write_text(json.dumps(fields))
    tensors = {
        name.removeprefix("roberta."): tensor
        for name, tensor in load_file(
            reference / "xlmr_masked_lm" / WEIGHTS
        ).items()
        if name.startswith("roberta.")
    }
    hf_export.write_safetensors(source / WEIGHTS, tensors)
    convert.convert(f"hf:{source}", tmp_path / "xl", "xl")
    convert.convert(str(tmp_path / "xl"), tmp_path / "hf", "hf")
    found = load_file(tmp_path / "hf" / WEIGHTS)
    assert found.keys() == tensors.keys()
    assert all(np.array_equal(found[n], x) for n, x in tensors.items())
    written = json.loads((tmp_path / "hf" / "config.json").read_text())
    assert written["architectures"] == ["XLMRobertaModel"]


def test_nothing_is_left_of_what_could_not_be_written(
    reference, tmp_path, monkeypatch
):
    def full(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr(hf_export, "write_safetensors", full)
    with pytest.raises(InputError, match="no space left"):
        convert.convert(f"hf:{reference / 'mt5'}", tmp_path / "out", "hf")
    with pytest.raises(InputError, match="mT5 only"):
        convert.convert(
            f"hf:{reference / 'xlmr_masked_lm'}", tmp_path / "out", "t5x"
        )
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_not_overwritten(reference, tmp_path):
    with pytest.raises(InputError, match="exists"):
        convert.convert(f"hf:{reference / 'mt5'}", tmp_path, "hf")


def test_an_unknown_layout_or_architecture_is_refused(reference, tmp_path):
    with pytest.raises(InputError, match=r"--to 'hff'.*Did you mean 'hf'"):
        convert.convert(f"hf:{reference / 'mt5'}", tmp_path / "out", "hff")
    source = tmp_path / "source"
    shutil.copytree(reference / "mt5", source)
    fields = json.loads((source / "config.json").read_text())
    fields["architectures"] = ["MT5Model"]
    (source / "config.json").write_text(json.dumps(fields))
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


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (XLMRMaskedLM(XLMRConfig(9, 4, 1, 2, 8, norm="pre")), "XL"),
        (MT5(MT5Config(9, 4, 2, 1, 1, 2, 8, relpos_per_layer=True)), "umT5"),
    ],
)
def test_a_model_is_not_written_as_another_one(model, named):
    with pytest.raises(InputError, match=named):
        hf_export.config(model, head=True, labels=())

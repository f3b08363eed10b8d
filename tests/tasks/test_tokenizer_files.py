"""Hugging Face tokenizer files, read back by transformers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.tokenizer_files import write_huggingface_tokenizer
from tasks.vocabularies import SentencePieceFile, export_warning, load
from tasks.vocabulary_training import train
from xltransfer.errors import InputError

TEXTS = [
    "The boy sees a red house in the garden .",
    "  double  spaces\u3000wide ",
    "Мальчик видит",
    "他 说 , 妈妈",
    # Accents that the class of transformers drops: grapheme and rest.
    "o\u0323\u0301 e\u0323\u0300 O\u0323\u0301mo\u0323",
    # Marks that NFC would swap, or compose past another.
    "لَّا e\u0301\u0323 \u00e9\u0323 s\u0335\u0323",
    # Composed only where the letter and its vowel are looked up together.
    "\u0bc6\u0bbe \u09c7\u09be か\u3099",
    "½ ﬁ ｶ Ａ ①",
    "鵬🙂",
    "",
]
# In a process of its own: transformers and TensorFlow do not always share one.
READ = """
import json, sys
from transformers import AutoTokenizer
texts = json.loads(sys.argv[2])
made = AutoTokenizer.from_pretrained(sys.argv[1])
print(json.dumps({
    "ids": made(texts, add_special_tokens=False)["input_ids"],
    "framed": made("The boy")["input_ids"],
    "pair": made("The boy", "sees")["input_ids"],
    "named": [made.pad_token_id, made.eos_token_id, made.unk_token_id,
              made.mask_token_id],
    "size": len(made),
    "decoded": made.decode(made("The boy")["input_ids"],
                           skip_special_tokens=True),
}))
"""


def read(directory: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(directory), json.dumps(TEXTS)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("with_config", [False, True])
@pytest.mark.parametrize("family", ["xlmr", "mt5"])
def test_transformers_reads_the_same_ids(
    tmp_path, xlmr_vocabulary, mt5_vocabulary, family, with_config
):
    vocabulary = {"xlmr": xlmr_vocabulary, "mt5": mt5_vocabulary}[family]
    pieces = load(vocabulary, Path())
    written = write_huggingface_tokenizer(vocabulary, tmp_path)
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert written[0].read_bytes() == Path(vocabulary.path).read_bytes()
    if with_config:
        # An exported model's, which must not make another class of it.
        kind = {"xlmr": "xlm-roberta", "mt5": "mt5"}[family]
        (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    found = read(tmp_path)
    assert found["ids"] == pieces.encode_batch(TEXTS)
    boy, sees = pieces.encode("The boy"), pieces.encode("sees")
    end = pieces.eos_id
    # Fairseq's and T5's forms of one text and of two.
    framed = {"xlmr": [0, *boy, end], "mt5": [*boy, end]}
    pair = {
        "xlmr": [0, *boy, end, end, *sees, end],
        "mt5": [*boy, end, *sees, end],
    }
    assert found["framed"] == framed[family]
    assert found["pair"] == pair[family]
    mask = getattr(pieces, "mask_id", None)
    special = [pieces.pad_id, pieces.eos_id, pieces.unk_id, mask]
    assert found["named"] == special
    assert found["size"] == pieces.vocab_size
    assert found["decoded"] == "The boy"


def test_a_model_that_is_not_unigram_is_refused(tmp_path):
    path = tmp_path / "word.model"
    train(["a b c"] * 5, path, family="xlmr", size=8, model_type="word")
    with pytest.raises(InputError, match=r"word\.model is no unigram"):
        write_huggingface_tokenizer(
            SentencePieceFile("xlmr", str(path)), tmp_path / "out"
        )
    assert not (tmp_path / "out").exists()


def test_the_warning_names_the_class_to_avoid(xlmr_vocabulary, mt5_vocabulary):
    assert "XLMRobertaTokenizer" in export_warning(xlmr_vocabulary)
    assert "in bytes" in export_warning(mt5_vocabulary)

"""A tiny XLM-R of Hugging Face's, made and used with its own classes.

Usage: python classifying.py make FOLDER VOCABULARY IDS
       python classifying.py predict FOLDER PAIRS LENGTH

`make` writes random weights whose vocabulary has IDS ids. `predict` reads
pairs of sentences, one JSON list a line, and prints the label of each.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
)

ROWS = 32


def make(folder: Path, vocabulary: Path, size: int) -> None:
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=size,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=130,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
    )
    XLMRobertaForMaskedLM(config).save_pretrained(folder)
    shutil.copy(vocabulary, folder / "sentencepiece.bpe.model")


def predict(folder: Path, pairs: Path, length: int) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    lines = [json.loads(one) for one in pairs.read_text().splitlines()]
    for start in range(0, len(lines), ROWS):
        premises, hypotheses = zip(*lines[start : start + ROWS], strict=True)
        inputs = tokenizer(
            list(premises),
            list(hypotheses),
            padding=True,
            truncation=True,
            max_length=length,
            return_tensors="pt",
        )
        with torch.no_grad():
            classes = model(**inputs).logits.argmax(-1)
        for one in classes.tolist():
            print(model.config.id2label[one])


if __name__ == "__main__":
    command, folder, file, number = sys.argv[1:]
    {"make": make, "predict": predict}[command](
        Path(folder), Path(file), int(number)
    )

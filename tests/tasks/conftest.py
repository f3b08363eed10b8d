"""Small vocabularies and the real files' folder, shared by the task tests."""

import os
from pathlib import Path

import pytest

from tasks.vocabularies import SentencePieceFile
from tasks.vocabulary_training import train

TEXTS = [
    "The boy sees a red house in the garden .",
    "A girl reads the book and the boy sleeps .",
    "Der Junge sieht ein rotes Haus im Garten .",
    "Мальчик видит красный дом в саду .",
    "لا تتظاهر بالغباء , مرحباً يا أهل المدينة",
    "他 说 , 妈妈 , 我 回来 了 。",
    "premise: hypothesis: xnli: 0 1 2",
    "Naye akasema, Mama, niko nyumbani.",
] * 3


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of the official files."""
    folder = os.environ.get("XLTRANSFER_DATA_DIR")
    if not folder:
        pytest.skip("XLTRANSFER_DATA_DIR names no folder of official files")
    return Path(folder)


@pytest.fixture(scope="session")
def xlmr_vocabulary(tmp_path_factory) -> SentencePieceFile:
    path = tmp_path_factory.mktemp("vocabulary") / "xlmr.model"
    train(TEXTS, path, family="xlmr", size=100)
    return SentencePieceFile("xlmr", str(path))


@pytest.fixture(scope="session")
def mt5_vocabulary(tmp_path_factory) -> SentencePieceFile:
    path = tmp_path_factory.mktemp("vocabulary") / "mt5.model"
    train(TEXTS, path, family="mt5", size=456)
    return SentencePieceFile("mt5", str(path))

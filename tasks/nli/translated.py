"""English inference by translating programs, in 26 languages."""

from tasks.nli.rows import FIELDS, LABELS, pairs, three_way
from tasks.row import Split
from tasks.sources import Concatenated, JsonLines

LANGUAGES = (
    *("ar", "bn", "de", "es", "fa", "fr", "he", "hi", "id", "it", "ja"),
    *("ko", "mr", "nl", "pl", "ps", "pt", "ru", "sv", "sw", "ta", "tr"),
    *("uk", "ur", "vi", "zh"),
)
PARTS = ("anli", "fever", "ling", "mnli", "wanli")
_HUB = "MoritzLaurer/multilingual-NLI-26lang-2mil7"


def _file(code: str, part: str) -> JsonLines:
    path = f"nli_26lang/{code}_{part}.jsonl"
    return JsonLines(path, pairs(*FIELDS), integers=("label",))


# 2,730,000 pairs in all, as many in each language. Its MultiNLI is XNLI's.
NLI_26LANG = tuple(
    three_way(
        name=f"nli_26lang.{code}",
        language=code,
        splits=(
            Split(
                "train",
                Concatenated(tuple(_file(code, part) for part in PARTS)),
                105_000,
            ),
        ),
        label_map=tuple((str(n), label) for n, label in enumerate(LABELS)),
        citation="Laurer et al. 2022, multilingual-NLI-26lang-2mil7",
        url=f"https://huggingface.co/datasets/{_HUB}",
        licence="by part",
        overlap=("xnli",),
        translation="machine",
        access=(
            f"It is on the hub in another format: write each split with "
            f"datasets.load_dataset({_HUB!r}, split='{code}_mnli')"
            f".to_json('nli_26lang/{code}_mnli.jsonl'), likewise for "
            f"{', '.join(part for part in PARTS if part != 'mnli')}."
        ),
    )
    for code in LANGUAGES
)

"""Plain text to pretrain on, one dataset a language."""

from tasks.languages import LANGUAGES
from tasks.row import Dataset, Split
from tasks.sources import PlainText

# Every 20th line of each file is dev. NTREX's files translate each other line
# by line, so a sentence is held out in all languages or in none.
_EVERY = 20

_COMMON_VOICE = {
    code: f"raw/commonvoice/{folder}/{file}.txt"
    for code, folder, file in (
        *(
            (code, code, "sentence-collector")
            for code in (
                *("ar", "bn", "de", "el", "en", "es", "fa", "fi", "hi"),
                *("hu", "id", "ja", "ka", "kk", "ko", "ml", "nl", "pl"),
                *("pt", "ro", "ta", "tr", "uk", "ur", "vi"),
            )
        ),
        ("bg", "bg", "more-sentences"),
        ("et", "et", "est-common-voice-10k"),
        ("eu", "eu", "wiki.eu"),
        ("fr", "fr", "issue2259_deleted_export_readd_fixed"),
        ("it", "it", "frasi"),
        ("zh", "zh-CN", "wiki.zh-cn"),
    )
}

# NTREX names its files by ISO 639-3, but for these.
_NTREX_NAMES = {"ar": "ref.arb", "en": "src.eng", "zh": "ref.zho-CN"}
NTREX = {
    code: "raw/ntrex128/newstest2019-{}.txt".format(
        _NTREX_NAMES.get(code, f"ref.{LANGUAGES[code].iso3}")
    )
    for code in (
        *("af", "ar", "bg", "bn", "de", "el", "en", "es", "et", "eu", "fa"),
        *("fi", "fr", "hi", "hu", "id", "it", "ja", "ka", "kk", "ko", "mr"),
        *("nl", "pl", "pt", "ro", "ru", "sw", "ta", "te", "th", "tr", "uk"),
        *("ur", "vi", "wo", "yo", "zh"),
    )
}

# Lines to train on and lines held out.
_SIZES = {
    "af": (1897, 99),
    "ar": (6901, 362),
    "bg": (4984, 261),
    "bn": (2296, 119),
    "de": (7810, 410),
    "el": (4419, 231),
    "en": (9697, 509),
    "es": (7402, 388),
    "et": (5065, 265),
    "eu": (7127, 374),
    "fa": (8207, 431),
    "fi": (7240, 380),
    "fr": (7828, 411),
    "hi": (4200, 220),
    "hu": (5636, 295),
    "id": (7574, 397),
    "it": (7175, 376),
    "ja": (4515, 236),
    "ka": (3695, 193),
    "kk": (4813, 252),
    "ko": (3159, 165),
    "ml": (1994, 104),
    "mr": (1896, 99),
    "nl": (9573, 502),
    "pl": (8022, 421),
    "pt": (8210, 431),
    "ro": (8344, 438),
    "ru": (1897, 99),
    "sw": (1898, 99),
    "ta": (4732, 248),
    "te": (1897, 99),
    "th": (1897, 99),
    "tr": (7350, 385),
    "uk": (5330, 279),
    "ur": (6518, 342),
    "vi": (7137, 374),
    "wo": (1891, 99),
    "yo": (1897, 99),
    "zh": (8470, 445),
}


def _row(code: str) -> Dataset:
    files = (_COMMON_VOICE.get(code), NTREX.get(code))
    paths = tuple(path for path in files if path)
    train, dev = _SIZES[code]
    return Dataset(
        name=f"text.{code}",
        problem="language_modeling",
        language=code,
        splits=(
            Split("train", PlainText(paths, "rest", _EVERY), train),
            Split("dev", PlainText(paths, "held_out", _EVERY), dev),
        ),
        metrics=(),
        citation="Mozilla Common Voice sentences; Federmann et al. 2022, NTREX",
        url="https://github.com/MicrosoftTranslator/NTREX",
        licence="CC0 (Common Voice), CC BY-SA 4.0 (NTREX)",
    )


DATASETS = tuple(_row(code) for code in sorted(_SIZES))

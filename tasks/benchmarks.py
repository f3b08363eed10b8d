"""XTREME and XTREME-R: which tasks, in which languages.

The lists are those of the official evaluation script (google-research/xtreme,
`evaluate.py`); LAReQA's, empty there, are the languages of XQuAD-R.
"""


def _codes(text: str) -> tuple[str, ...]:
    return tuple(text.split())


XNLI_LANGUAGES = _codes("ar bg de el en es fr hi ru sw th tr ur vi zh")
PAWSX_LANGUAGES = _codes("de en es fr ja ko zh")
XCOPA_LANGUAGES = _codes("et ht id it qu sw ta th tr vi zh")
UDPOS_LANGUAGES = _codes(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru "
    "ta te th tl tr ur vi yo zh"
)
PANX_LANGUAGES = _codes(
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt "
    "es bg ru ja ka ko th sw yo my zh kk tr et fi hu"
)
XQUAD_LANGUAGES = _codes("ar de el en es hi ro ru th tr vi zh")
MLQA_LANGUAGES = _codes("en es de ar hi vi zh")
TYDIQA_LANGUAGES = _codes("en ar bn fi id ko ru sw te")
BUCC_LANGUAGES = _codes("de fr ru zh")
MEWSLIX_LANGUAGES = _codes("ar de en es fa ja pl ro ta tr uk")
LAREQA_LANGUAGES = _codes("ar de el en es hi ru th tr vi zh")

# As LASER names the files; not always ISO 639-3's macrolanguage.
TATOEBA_ISO3 = {
    **{"af": "afr", "ar": "ara", "bg": "bul", "bn": "ben", "de": "deu"},
    **{"el": "ell", "es": "spa", "et": "est", "eu": "eus", "fa": "pes"},
    **{"fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hu": "hun"},
    **{"id": "ind", "it": "ita", "ja": "jpn", "jv": "jav", "ka": "kat"},
    **{"kk": "kaz", "ko": "kor", "ml": "mal", "mr": "mar", "nl": "nld"},
    **{"pt": "por", "ru": "rus", "sw": "swh", "ta": "tam", "te": "tel"},
    **{"th": "tha", "tl": "tgl", "tr": "tur", "ur": "urd", "vi": "vie"},
    **{"zh": "cmn"},
    # XTREME-R's.
    **{"az": "aze", "lt": "lit", "pl": "pol", "uk": "ukr", "ro": "ron"},
}
_TATOEBA_R = ("az", "lt", "pl", "uk", "ro")
_XTREME_TATOEBA = tuple(c for c in TATOEBA_ISO3 if c not in _TATOEBA_R)

# Family of datasets -> the languages it is evaluated in.
XTREME: dict[str, tuple[str, ...]] = {
    "xnli": XNLI_LANGUAGES,
    "pawsx": PAWSX_LANGUAGES,
    "udpos": UDPOS_LANGUAGES,
    "panx": PANX_LANGUAGES,
    "xquad": tuple(code for code in XQUAD_LANGUAGES if code != "ro"),
    "mlqa": MLQA_LANGUAGES,
    "tydiqa": TYDIQA_LANGUAGES,
    "bucc2018": BUCC_LANGUAGES,
    "tatoeba": _XTREME_TATOEBA,
}
XTREME_R: dict[str, tuple[str, ...]] = {
    "xnli": XNLI_LANGUAGES,
    "xcopa": XCOPA_LANGUAGES,
    "udpos": (*UDPOS_LANGUAGES, "lt", "pl", "uk", "wo", "ro"),
    "panx": (*PANX_LANGUAGES, "qu", "pl", "uk", "az", "lt", "pa", "gu", "ro"),
    "xquad": XQUAD_LANGUAGES,
    "mlqa": MLQA_LANGUAGES,
    "tydiqa": TYDIQA_LANGUAGES,
    "tatoeba": tuple(TATOEBA_ISO3),
    "mewslix": MEWSLIX_LANGUAGES,
    # One score: each question asks for its answers in all languages together.
    "lareqa": ("mul",),
}

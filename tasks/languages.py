"""The languages of XTREME-R, and what is known of them.

The list and the families follow Ruder et al. (2021); scripts are ISO 15924.
"Seen" tells whether a language is among the 100 that XLM-R (Conneau et al.
2020) and the 101 that mT5 (Xue et al. 2021) were pretrained on.
"""

from dataclasses import dataclass

from xltransfer.errors import InputError, nearest


@dataclass(frozen=True)
class Language:
    """One language; `code` is ISO 639-1, `iso3` ISO 639-3."""

    code: str
    iso3: str
    name: str
    family: str
    script: str
    seen_by_xlmr: bool = True
    seen_by_mt5: bool = True


_INDO_EUROPEAN = "Indo-European"

_TABLE = (
    Language("af", "afr", "Afrikaans", _INDO_EUROPEAN, "Latn"),
    Language("ar", "ara", "Arabic", "Afro-Asiatic", "Arab"),
    Language("az", "aze", "Azerbaijani", "Turkic", "Latn"),
    Language("bg", "bul", "Bulgarian", _INDO_EUROPEAN, "Cyrl"),
    Language("bn", "ben", "Bengali", _INDO_EUROPEAN, "Beng"),
    Language("de", "deu", "German", _INDO_EUROPEAN, "Latn"),
    Language("el", "ell", "Greek", _INDO_EUROPEAN, "Grek"),
    Language("en", "eng", "English", _INDO_EUROPEAN, "Latn"),
    Language("es", "spa", "Spanish", _INDO_EUROPEAN, "Latn"),
    Language("et", "est", "Estonian", "Uralic", "Latn"),
    Language("eu", "eus", "Basque", "isolate", "Latn"),
    Language("fa", "fas", "Persian", _INDO_EUROPEAN, "Arab"),
    Language("fi", "fin", "Finnish", "Uralic", "Latn"),
    Language("fr", "fra", "French", _INDO_EUROPEAN, "Latn"),
    Language("gu", "guj", "Gujarati", _INDO_EUROPEAN, "Gujr"),
    Language("he", "heb", "Hebrew", "Afro-Asiatic", "Hebr"),
    Language("hi", "hin", "Hindi", _INDO_EUROPEAN, "Deva"),
    Language("ht", "hat", "Haitian Creole", "Creole", "Latn", False, True),
    Language("hu", "hun", "Hungarian", "Uralic", "Latn"),
    Language("id", "ind", "Indonesian", "Austronesian", "Latn"),
    Language("it", "ita", "Italian", _INDO_EUROPEAN, "Latn"),
    Language("ja", "jpn", "Japanese", "Japonic", "Jpan"),
    Language("jv", "jav", "Javanese", "Austronesian", "Latn"),
    Language("ka", "kat", "Georgian", "Kartvelian", "Geor"),
    Language("kk", "kaz", "Kazakh", "Turkic", "Cyrl"),
    Language("ko", "kor", "Korean", "isolate", "Kore"),
    Language("lt", "lit", "Lithuanian", _INDO_EUROPEAN, "Latn"),
    Language("ml", "mal", "Malayalam", "Dravidian", "Mlym"),
    Language("mr", "mar", "Marathi", _INDO_EUROPEAN, "Deva"),
    Language("ms", "msa", "Malay", "Austronesian", "Latn"),
    Language("my", "mya", "Burmese", "Sino-Tibetan", "Mymr"),
    Language("nl", "nld", "Dutch", _INDO_EUROPEAN, "Latn"),
    Language("pa", "pan", "Punjabi", _INDO_EUROPEAN, "Guru"),
    Language("pl", "pol", "Polish", _INDO_EUROPEAN, "Latn"),
    Language("pt", "por", "Portuguese", _INDO_EUROPEAN, "Latn"),
    Language("qu", "que", "Quechua", "Quechuan", "Latn", False, False),
    Language("ro", "ron", "Romanian", _INDO_EUROPEAN, "Latn"),
    Language("ru", "rus", "Russian", _INDO_EUROPEAN, "Cyrl"),
    Language("sw", "swa", "Swahili", "Niger-Congo", "Latn"),
    Language("ta", "tam", "Tamil", "Dravidian", "Taml"),
    Language("te", "tel", "Telugu", "Dravidian", "Telu"),
    Language("th", "tha", "Thai", "Kra-Dai", "Thai"),
    Language("tl", "tgl", "Tagalog", "Austronesian", "Latn"),
    Language("tr", "tur", "Turkish", "Turkic", "Latn"),
    Language("uk", "ukr", "Ukrainian", _INDO_EUROPEAN, "Cyrl"),
    Language("ur", "urd", "Urdu", _INDO_EUROPEAN, "Arab"),
    Language("vi", "vie", "Vietnamese", "Austro-Asiatic", "Latn"),
    Language("wo", "wol", "Wolof", "Niger-Congo", "Latn", False, False),
    Language("yo", "yor", "Yoruba", "Niger-Congo", "Latn", False, True),
    Language("zh", "zho", "Chinese", "Sino-Tibetan", "Hans"),
)

LANGUAGES: dict[str, Language] = {row.code: row for row in _TABLE}
# Not of XTREME-R, but of some dataset here. A language without an ISO 639-1
# code has its ISO 639-3 code in both places.
_OTHERS = (
    Language("aym", "aym", "Aymara", "Aymaran", "Latn", False, False),
    Language("bzd", "bzd", "Bribri", "Chibchan", "Latn", False, False),
    Language("cni", "cni", "Asháninka", "Arawakan", "Latn", False, False),
    Language("gn", "grn", "Guarani", "Tupian", "Latn", False, False),
    Language("hch", "hch", "Wixarika", "Uto-Aztecan", "Latn", False, False),
    Language("hr", "hrv", "Croatian", _INDO_EUROPEAN, "Latn", True, False),
    Language("mk", "mkd", "Macedonian", _INDO_EUROPEAN, "Cyrl"),
    Language("nah", "nah", "Nahuatl", "Uto-Aztecan", "Latn", False, False),
    Language("oto", "oto", "Otomí", "Oto-Manguean", "Latn", False, False),
    Language("ps", "pus", "Pashto", _INDO_EUROPEAN, "Arab"),
    Language("shp", "shp", "Shipibo-Konibo", "Panoan", "Latn", False, False),
    Language("sq", "sqi", "Albanian", _INDO_EUROPEAN, "Latn"),
    Language("sr", "srp", "Serbian", _INDO_EUROPEAN, "Cyrl"),
    Language("sv", "swe", "Swedish", _INDO_EUROPEAN, "Latn"),
    Language("tar", "tar", "Rarámuri", "Uto-Aztecan", "Latn", False, False),
)
OTHER_LANGUAGES: dict[str, Language] = {row.code: row for row in _OTHERS}
ALL_LANGUAGES = LANGUAGES | OTHER_LANGUAGES
# Rows that mix languages, e.g. code-mixed text.
MULTILINGUAL = Language("mul", "mul", "several languages", "", "Zyyy")


def language(code: str) -> Language:
    """Returns a language by its code, or 'mul'; raises InputError if unknown."""
    if code == MULTILINGUAL.code:
        return MULTILINGUAL
    if code not in ALL_LANGUAGES:
        raise InputError(f"No language {code!r}.{nearest(code, ALL_LANGUAGES)}")
    return ALL_LANGUAGES[code]

"""Strings that normalisation may stumble over, by language."""

import random

ARTICLES = {
    "en": ["a", "an", "the"],
    "es": ["un", "una", "unos", "unas", "el", "la", "los", "las"],
    "vi": ["của", "là", "cái", "chiếc", "những"],
    "de": [
        "ein",
        "eine",
        "einen",
        "einem",
        "eines",
        "einer",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
    ],
    "ar": ["ال"],
    "hi": [],
    "zh": [],
}
_WORDS = {
    "en": ["Theatre", "an-other", "A.B.", "naïve", "it's", "THE"],
    "es": ["Niño", "élan", "LAS", "el-la", "¿qué?", "¡una!", "año"],
    "vi": ["Là", "là,", "đường", "những-cái", "Việt", "ĐẸP"],
    "de": ["Straße", "DIE", "Über", "des-einen", "Eines", "dasselbe"],
    "ar": ["الكتاب", "سؤال", " ال", "والبيت", "ااالل", "كِتَابٌ", "؟", "،"],
    "hi": ["हिन्दी", "कि", "ज़िंदगी", "।", "॥", "क्ष", "१२३"],
    "zh": [
        "中国",
        "abc中",
        "龥龦",
        "一",
        "〇",
        "，",
        "。",
        "「引」",
        "㐀",
        "Ａ",
    ],
}
# Of the other languages that SQuAD's metric scores: it drops English articles
# whatever the language is.
_OTHERS = {
    "bn": ["বাংলা", "একটি", "ড়", "ড\u09bc", "ক্ষ", "।", "১২৩", "ৎ"],
    "el": ["Ο", "του", "ΟΔΟΣ", "ά", "α\u0301", "·", "ϊ", "τα-άλλα"],
    "fi": ["Äiti", "yö", "A\u030a", "Åbo", "ei-oo", "1,5"],
    "id": ["anak-anak", "THE", "Jum'at", "a.n.", "di-", "para"],
    "ko": ["한국어", "\u1112\u1161\u11ab", "은", "‘그’", "ㅎㅏ", "3월"],
    "ro": ["și", "s\u0326i", "ştiinţă", "„a”", "ÎN", "într-o"],
    "ru": ["ёлка", "е\u0308", "й", "«Да»", "кто-то", "№5"],
    "sw": ["ng'ombe", "ng‘ombe", "Watoto", "a-an", "MTU"],
    "te": ["తెలుగు", "క్ష", "ౘ", "।", "౧౨౩", "అ\u0c02"],
    "th": ["ภาษาไทย", "น้ำ", "นํ\u0e49า", "ๆ", "ฯลฯ", "๑๒๓", "เเ"],
    "tr": ["İstanbul", "ISPARTA", "ılık", "i\u0307", "â", "Türkiye'de"],
}
OTHERS = tuple(_OTHERS)
_ODD = [
    *("", " ", "\t", "\n", "\u00a0", "\u3000", "\u200b", "\u200d", "\u2028"),
    *("\u0301", "e\u0301", "é", "İ", "ß", "ẞ", "ΑΣ", "ﬁ", "Ⅷ", "²", "½"),
    *("$", "€", "+", "|", "`", "~", "<", "_", "__", "…", "—", "«", "»", "’"),
    *(
        "\u202e",
        "שלום",
        "עִבְרִית",
        "한국어",
        "ひらがな",
        "カ゛",
        "ไทย",
        "😀",
        "𝔸",
    ),
    *("0", "3.14", "1,000", "!!!", "...", "\U0010ffff", "\ud800", "\x00"),
]


def strings(language: str, count: int) -> list[str]:
    """Returns strings made of words, articles, punctuation and oddities."""
    draw = random.Random(f"{language} {count}")
    own = _WORDS.get(language) or [*_OTHERS[language], *ARTICLES["en"]]
    parts = [*ARTICLES.get(language, ()), *own] * 3 + _ODD
    every = [part for words in _WORDS.values() for part in words]
    found = []
    for _ in range(count):
        pieces = draw.choices([*parts, *every], k=draw.randrange(7))
        joint = draw.choice([" ", " ", "", ". ", ","])
        text = joint.join(pieces)
        found.append(text.upper() if draw.random() < 0.1 else text)
    return found

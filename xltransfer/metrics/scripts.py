"""Is a text in the script of its language?

mT5 tends to answer in English where it was trained on English alone, which Xue
et al. (2021, section 5) call accidental translation. A text is foreign here if
more of its letters are of other scripts than of its language's own.

Letters are Unicode's category L. A letter is of its language's script if that
is one of its Script_Extensions; what is Common or Inherited otherwise is of
none, and so are digits, marks and punctuation. German in place of English is
not to be seen in this way: the rate is a lower bound, and says nothing of
languages in Latin script.
"""

import functools

import regex

# ISO 15924 codes that stand for several of Unicode's scripts.
_MIXED = {
    "Jpan": ("Hira", "Kana", "Hani"),
    "Kore": ("Hang", "Hani"),
    "Hans": ("Hani", "Bopo"),
    "Hant": ("Hani", "Bopo"),
}
# Code-mixed text is of no script.
_ANY = "Zyyy"


def is_foreign(text: str, script: str) -> bool:
    """Tells whether a text is mostly in other scripts than its language's.

    Args:
      text: what a model wrote; without letters it is not foreign.
      script: ISO 15924 code of the language's script.
    """
    if script == _ANY:
        return False
    own, letters = _patterns(script)
    mine = len(own.findall(text))
    return len(letters.findall(text)) - mine > mine


@functools.cache
def _patterns(script: str) -> tuple[regex.Pattern, regex.Pattern]:
    """Returns what finds letters of a script, and these and other scripts'."""
    scripts = _MIXED.get(script, (script,))
    own = "".join(rf"\p{{scx={one}}}" for one in scripts)
    unowned = r"\p{sc=Common}\p{sc=Inherited}"
    return (
        regex.compile(rf"[\p{{L}}&&[{own}]]", regex.V1),
        regex.compile(rf"[\p{{L}}&&[{own}[^{unowned}]]]", regex.V1),
    )

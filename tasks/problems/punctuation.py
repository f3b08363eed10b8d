"""mT5's punctuation for question answering: apart from the words, and back.

Source: `_pad_punctuation` and `xquad` in google-research/multilingual-t5.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

# RE2's `\s` is ASCII's white space. Numbers, letters, marks, `_` stay.
APART = r"([^_\s\p{N}\p{L}\p{M}])"
_SPACES = re.compile(r"[ \t\n\f\r]+")


def padded_tf(texts: tf.Tensor) -> tf.Tensor:
    """Puts spaces around punctuation, and one for each run of white space."""
    import tensorflow as tf

    apart = tf.strings.regex_replace(texts, APART, r" \1 ")
    return tf.strings.regex_replace(apart, r"\s+", " ")


def padded(text: str) -> str:
    """The twin of `padded_tf` in Python."""
    apart = "".join(
        character if _stays(character) else f" {character} "
        for character in text
    )
    return _SPACES.sub(" ", apart)


def found_in(context: str, output: str) -> str:
    """Returns the part of a passage that a text with padded punctuation names.

    Two texts are one where they are equal after padding and compatibility
    decomposition (vocabularies write `２` as `2`); the first such part is
    taken. A text that is nowhere in the passage is returned without the spaces
    at its sides.
    """
    output = output.strip()
    wanted = _letters(output)[0]
    if not wanted:
        return ""
    letters, places = _letters(context)
    at = letters.find(wanted)
    while at >= 0:
        begin, end = places[at], places[at + len(wanted) - 1] + 1
        # Spaces were left out: `a b` is not to be found in `ab`.
        if _words(context[begin:end]) == _words(output):
            return context[begin:end]
        at = letters.find(wanted, at + 1)
    return output


def _stays(character: str) -> bool:
    if character == "_" or _SPACES.match(character):
        return True
    return unicodedata.category(character)[0] in "NLM"


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFKD", padded(text)).split()


def _letters(text: str) -> tuple[str, list[int]]:
    """Returns a text's decomposed letters, spaces left out, and their places.

    Places number the characters of the text.
    """
    found = [
        (letter, place)
        for place, character in enumerate(text)
        for letter in unicodedata.normalize("NFKD", character)
        if not letter.isspace()
    ]
    return "".join(letter for letter, _ in found), [p for _, p in found]

"""JSON whose objects know the line that they begin in."""

import json
import re
from bisect import bisect_left
from json import scanner
from typing import Any

# How deep objects know their line: SQuAD's top, articles, paragraphs, questions.
_DEPTH = 4


class Located(dict):
    """An object of a JSON file, with the line, from 1, that it begins in."""

    line: int


def line_of(found: Any, otherwise: int) -> int:
    """Returns the line of an object; of what is none, `otherwise`."""
    return found.line if isinstance(found, Located) else otherwise


def located(text: str) -> Any:
    """Returns what `json.loads` does, the outer four objects `Located`.

    Objects in those are plain: they are many, and what reads them is the
    standard library's scanner in C. Raises what `json.loads` does.
    """
    return _Decoder(text).decode(text)


class _Decoder(json.JSONDecoder):
    """The standard library's decoder, with its scanner in Python outside."""

    def __init__(self, text: str):
        super().__init__()
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._open = 0
        self._contents = self.parse_object
        self._plain = self.scan_once
        self.parse_object = self._object
        self.scan_once = scanner.py_make_scanner(self)

    def _object(self, place: tuple[str, int], *rest) -> tuple[Located, int]:
        text, after_brace = place
        if self._open < _DEPTH:
            self._open += 1
            found, end = self._contents(place, *rest)
            self._open -= 1
        else:
            return self._plain(text, after_brace - 1)
        one = Located(found)
        one.line = bisect_left(self._ends, after_brace) + 1
        return one, end

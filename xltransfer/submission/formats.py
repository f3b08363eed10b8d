"""The formats of prediction files, each read strictly and written.

| format | a file holds | a prediction is |
|---|---|---|
| labels | a label a line | str |
| choices | a JSON object a line, with an integer `label` | int |
| positions | a number a line, from 0 | int |
| tags | a tag a line, an empty line after each sentence | list of str |
| pairs | foreign id, tab, English id a line | (str, str) |
| answers | one JSON object, question id: answer text | str, by id |
| rankings | one JSON object, question id: candidate ids, best first | list of str, by id |

A label or choice of -1 stands for a generated text that names none. It is never
right, as in mT5's own evaluation.

Source: google-research/xtreme's evaluate.py. It reads with Python's universal
line ends and strips lines, and so does this; what it would take for something
else, or fail on, is refused here.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xltransfer.errors import InputError, nearest
from xltransfer.submission import text_files
from xltransfer.submission.text_files import json_object, lines, read_text

Labels = Sequence[str]
# What names no label and no choice.
UNREADABLE = -1
_NUMBER = re.compile(r"0|[1-9][0-9]*")
# Far beyond any file's number of lines, and no trouble for int().
_LONGEST_NUMBER = 18
# Characters that a message quotes of a file.
_QUOTED = 70


@dataclasses.dataclass(frozen=True)
class Format:
    """How predictions lie in a file.

    Attributes:
      suffix: of the file.
      parse: (path for messages, text, allowed labels or none) -> predictions;
        raises InputError.
      render: predictions -> text.
      may_be_empty: whether an empty file says something.
    """

    suffix: str
    parse: Callable[[Path, str, Labels], Any]
    render: Callable[[Any], str]
    may_be_empty: bool = False

    def read(self, path: Path, labels: Labels = ()) -> Any:
        """Reads a file.

        Raises:
          InputError: naming the file and line, for whatever is wrong.
        """
        text = read_text(path)
        if not text.strip() and not self.may_be_empty:
            raise InputError(f"{path}: the file is empty.")
        return self.parse(path, text, labels)


def _shown(value: object) -> str:
    """Returns how a value is quoted, long ones cut."""
    text = repr(value)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


def _check_prediction(where: str, label: str, labels: Labels) -> None:
    if label != str(UNREADABLE):
        _check_label(where, label, labels)


def _check_label(where: str, label: str, labels: Labels) -> None:
    if not label:
        raise InputError(f"{where}: an empty line in place of a prediction.")
    if labels and label not in labels:
        raise InputError(
            f"{where}: unknown label {_shown(label)}; one of {', '.join(labels)}."
            f"{nearest(label, labels)}"
        )


def _parse_labels(path: Path, text: str, labels: Labels) -> list[str]:
    found = lines(text)
    for number, line in enumerate(found, start=1):
        _check_prediction(f"{path}:{number}", line, labels)
    return found


def _parse_choices(path: Path, text: str, labels: Labels) -> list[int]:
    found = []
    for number, line in enumerate(lines(text), start=1):
        where = f"{path}:{number}"
        choice = json_object(path, line, number).get("label")
        if type(choice) is not int:
            raise InputError(
                f"{where}: 'label' is {_shown(choice)}; expected a JSON object "
                'with an integer, as {"label": 0}.'
            )
        _check_prediction(where, str(choice), labels)
        found.append(choice)
    return found


def _parse_positions(path: Path, text: str, labels: Labels) -> list[int]:
    found = []
    for number, line in enumerate(lines(text), start=1):
        if not _NUMBER.fullmatch(line) or len(line) > _LONGEST_NUMBER:
            raise InputError(
                f"{path}:{number}: {_shown(line)} is no sentence number; expected "
                "the nearest sentence's line in the foreign file, from 0."
            )
        found.append(int(line))
    return found


def _parse_tags(path: Path, text: str, labels: Labels) -> list[list[str]]:
    sentences: list[list[str]] = [[]]
    for number, line in enumerate(lines(text), start=1):
        if line:
            _check_label(f"{path}:{number}", line, labels)
            sentences[-1].append(line)
        else:
            sentences.append([])
    return sentences if sentences[-1] else sentences[:-1]


def _parse_pairs(
    path: Path, text: str, labels: Labels
) -> list[tuple[str, str]]:
    found = []
    for number, line in enumerate(lines(text), start=1):
        ids = line.split("\t")
        if len(ids) != 2 or not all(one.strip() for one in ids):
            raise InputError(
                f"{path}:{number}: {_shown(line)} is not a foreign id, a tab and an "
                "English id."
            )
        found.append((ids[0], ids[1]))
    return found


def _parse_answers(path: Path, text: str, labels: Labels) -> dict[str, str]:
    found = json_object(path, text)
    for name, answer in found.items():
        if not isinstance(answer, str):
            raise InputError(
                f"{text_files.place(path, text, name)}: the answer to "
                f"{name!r} is {_shown(answer)}; expected a text."
            )
    return found


def _parse_rankings(
    path: Path, text: str, labels: Labels
) -> dict[str, list[str]]:
    found = json_object(path, text)
    for name, ranked in found.items():
        if not isinstance(ranked, list) or not all(
            isinstance(one, str) for one in ranked
        ):
            raise InputError(
                f"{text_files.place(path, text, name)}: the candidates of "
                f"{name!r} are {_shown(ranked)}; expected a list of ids, best "
                "first."
            )
    return found


def _render_lines(predictions: Sequence[object]) -> str:
    return "".join(f"{one}\n" for one in predictions)


def _render_choices(predictions: Sequence[int]) -> str:
    return _render_lines(
        [json.dumps({"label": int(one)}) for one in predictions]
    )


def _render_tags(predictions: Sequence[Sequence[str]]) -> str:
    return "".join(f"{_render_lines(one)}\n" for one in predictions)


def _render_pairs(predictions: Sequence[tuple[str, str]]) -> str:
    return _render_lines(["\t".join(pair) for pair in predictions])


def _render_object(predictions: Mapping[str, Any]) -> str:
    return json.dumps(dict(predictions), indent=1) + "\n"


FORMATS: dict[str, Format] = {
    "labels": Format("tsv", _parse_labels, _render_lines),
    "choices": Format("jsonl", _parse_choices, _render_choices),
    "positions": Format("tsv", _parse_positions, _render_lines),
    "tags": Format("tsv", _parse_tags, _render_tags),
    # Above the threshold there may be no pair at all.
    "pairs": Format("tsv", _parse_pairs, _render_pairs, may_be_empty=True),
    "answers": Format("json", _parse_answers, _render_object),
    "rankings": Format("json", _parse_rankings, _render_object),
}

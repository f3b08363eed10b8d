"""Predictions in the layout in which XTREME takes submissions.

`<folder>/<task>/<split>-<language>.<suffix>`; a submission's split is `test`.
Suffix and content follow from the task's layout in `metrics.benchmarks`, see
`formats`.

XTREME-R's scorer defines no file for LAReQA. Here it is as Mewsli-X's: a JSON
object for the questions of each language, question id: ids of candidate
sentences of all languages, best first. The labels are the ids of all right
candidates.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xltransfer import files
from xltransfer.errors import InputError
from xltransfer.submission.formats import FORMATS, UNREADABLE, Labels

SPLIT = "test"
# What may be predicted.
SPLITS = (SPLIT, "dev")
# Layouts in which a prediction stands under its question's id.
BY_ID = ("answers", "rankings")


def path_of(
    folder: Path, task: str, language: str, layout: str, split: str = SPLIT
) -> Path:
    """Returns where a task's predictions in one language lie."""
    return folder / task / f"{split}-{language}.{FORMATS[layout].suffix}"


def write(path: Path, layout: str, predictions: Any) -> None:
    """Writes predictions in one step.

    Raises:
      ValueError: if the file would not say the same when read again.
    """
    text = FORMATS[layout].render(predictions)
    if _plain(FORMATS[layout].parse(path, text, ())) != _plain(predictions):
        raise ValueError(f"{path}: {layout} cannot be written as such")
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, text)


def read(path: Path, layout: str, labels: Labels = ()) -> Any:
    """Reads predictions of any origin; see `formats` for what they are.

    Args:
      path: the file.
      layout: a name in `formats.FORMATS`.
      labels: what a line may say, if that is known.

    Raises:
      InputError: naming the file and line.
    """
    return FORMATS[layout].read(path, labels)


def check(path: Path, layout: str, predictions: Any, targets: Any) -> list[str]:
    """Checks that predictions are for the questions that the labels are for.

    Returns:
      What is to be said of a file that can be scored all the same: questions
      without a prediction score 0, predictions for others are not counted.

    Raises:
      InputError: naming the file, and the line where there is one.
    """
    if layout == "tags":
        _check_sentences(path, predictions, targets)
    elif isinstance(targets, Mapping):
        return _check_ids(path, predictions, targets)
    elif layout != "pairs" and len(predictions) != len(targets):
        raise InputError(
            f"{path}:{min(len(predictions), len(targets)) + 1}: "
            f"{len(predictions)} lines, but there are {len(targets)} labels."
        )
    if layout in ("labels", "choices"):
        return _unreadable(path, predictions)
    return []


def _unreadable(path: Path, predictions: Sequence[Any]) -> list[str]:
    count = [str(one) for one in predictions].count(str(UNREADABLE))
    if not count:
        return []
    return [
        f"{path}: {count} of {len(predictions)} predictions are {UNREADABLE}: "
        "they name no label and are wrong."
    ]


def _check_sentences(
    path: Path,
    predictions: Sequence[Sequence[str]],
    targets: Sequence[Sequence[str]],
) -> None:
    line = 1
    pairs = zip(predictions, targets, strict=False)
    for number, (tags, gold) in enumerate(pairs, start=1):
        if len(tags) != len(gold):
            raise InputError(
                f"{path}:{line}: sentence {number} has {len(tags)} tags, but "
                f"its labels are {len(gold)}."
            )
        line += len(tags) + 1
    if len(predictions) != len(targets):
        raise InputError(
            f"{path}:{line}: {len(predictions)} sentences, but there are "
            f"labels for {len(targets)}."
        )


def _check_ids(
    path: Path, predictions: Mapping[str, Any], targets: Mapping[str, Any]
) -> list[str]:
    absent = [name for name in targets if name not in predictions]
    others = [name for name in predictions if name not in targets]
    if len(absent) == len(targets):
        raise InputError(
            f"{path}: predicts none of the {len(targets)} questions, of which "
            f"the first is {next(iter(targets))!r}."
        )
    notes = []
    if absent:
        notes.append(
            f"{path}: {len(absent)} of {len(targets)} questions have no "
            f"prediction and score 0, the first {absent[0]!r}."
        )
    if others:
        notes.append(
            f"{path}: {len(others)} predictions are for no question of the "
            f"labels and are not counted, the first for {others[0]!r}."
        )
    return notes


def _plain(value: Any) -> Any:
    """Returns lists, dicts, texts and integers in place of their likes."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if hasattr(value, "__len__"):
        return [_plain(one) for one in value]
    return int(value)

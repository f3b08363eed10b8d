"""Label files: as predictions, but for questions, whose labels are SQuAD's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xltransfer import files
from xltransfer.errors import InputError
from xltransfer.metrics.benchmarks import Task
from xltransfer.submission.formats import FORMATS, UNREADABLE
from xltransfer.submission.text_files import json_object, read_text


def read_gold(path: Path, task: Task) -> Any:
    """Reads a task's label file.

    Returns:
      What the task's metric takes as targets: a list of labels, tags or pairs,
      or by question id the answers or the right candidates.

    Raises:
      InputError: naming the file and line or field.
    """
    if task.layout == "answers":
        return read_squad(path, may_be_nothing=task.metric == "squad_v2")
    found = FORMATS[task.layout].read(path, task.labels)
    if not found:
        raise InputError(f"{path}: the file has no labels.")
    if task.layout in ("labels", "choices"):
        _refuse_unreadable(path, found)
    if task.layout == "rankings":
        return _right_candidates(path, found, task.single)
    return found


def write_gold(path: Path, layout: str, targets: Any) -> None:
    """Writes a label file that `read_gold` reads, in one step.

    Args:
      path: the file.
      layout: of the predictions that it is for.
      targets: what the task's metric takes.
    """
    if layout == "answers":
        questions = [
            {"id": name, "answers": [{"text": text} for text in texts]}
            for name, texts in targets.items()
        ]
        data = {"data": [{"paragraphs": [{"qas": questions}]}]}
        text = json.dumps(data, indent=1) + "\n"
    else:
        text = FORMATS[layout].render(targets)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, text)


def _refuse_unreadable(path: Path, found: list[Any]) -> None:
    for number, label in enumerate(found, start=1):
        if str(label) == str(UNREADABLE):
            raise InputError(
                f"{path}:{number}: {UNREADABLE} names no label; only a "
                "prediction may be that."
            )


def read_squad(
    path: Path, may_be_nothing: bool = False
) -> dict[str, tuple[str, ...]]:
    """Returns gold answers by question id, from SQuAD's JSON.

    The articles are under `data`, or the file is their list alone.

    Args:
      path: the file.
      may_be_nothing: whether questions may have no answer (SQuAD 2).

    Raises:
      InputError: for a wrong structure, an id that stands twice, a question
        without answers, or answers that are all empty, as where the benchmark
        has taken them out.
    """
    found: dict[str, tuple[str, ...]] = {}
    for where, question in _questions(path):
        name = _get(question, "id", str, where)
        if name in found:
            raise InputError(f"{where}.id: {name!r} stands twice.")
        answers = _get(question, "answers", list, where)
        if not answers and not may_be_nothing:
            raise InputError(f"{where}.answers: {name!r} has no answer.")
        found[name] = tuple(
            _get(answer, "text", str, f"{where}.answers[{number}]")
            for number, answer in enumerate(answers)
        )
    if not found:
        raise InputError(f"{path}: there are no questions.")
    if not any(text for texts in found.values() for text in texts):
        raise InputError(
            f"{path}: all answers are empty; the labels have been taken out."
        )
    return found


def _questions(path: Path) -> Iterator[tuple[str, Any]]:
    """Yields file and field of every question, and the question."""
    text = read_text(path)
    if text.lstrip().startswith("["):
        # An object's parser tells the lines of faults.
        text = f'{{"data":{text}}}'
    articles = _get(json_object(path, text), "data", list, f"{path}: file")
    for a, article in enumerate(articles):
        where = f"{path}: data[{a}]"
        for p, paragraph in enumerate(_get(article, "paragraphs", list, where)):
            inner = f"{where}.paragraphs[{p}]"
            for q, one in enumerate(_get(paragraph, "qas", list, inner)):
                yield f"{inner}.qas[{q}]", one


def _get(found: Any, key: str, kind: type, where: str) -> Any:
    value = found.get(key) if isinstance(found, dict) else None
    if not isinstance(value, kind):
        expected = {str: "a text", list: "a list"}[kind]
        raise InputError(f"{where}: expected {expected} under {key!r}.")
    return value


def _right_candidates(
    path: Path, found: dict[str, list[str]], is_single: bool
) -> dict[str, list[str]]:
    for name, right in found.items():
        if not right or (is_single and len(right) > 1):
            raise InputError(
                f"{path}: {name!r} has {len(right)} right candidates; "
                f"expected {'one' if is_single else 'one or more'}."
            )
    # As the official scorer of Mewsli-X does.
    return {
        name: [one.strip() for one in right] for name, right in found.items()
    }

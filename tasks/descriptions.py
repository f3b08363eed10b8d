"""Datasets described in a YAML file, strictly: nothing in it is executed.

Keys are the fields of `Dataset` and of the sources, so what a file may say
follows from those classes. Every scalar is text until the field that it is for
says otherwise: `yes`, `no` and `1` are labels as they stand.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Union

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tasks import mixing, sources
from tasks.languages import language
from tasks.mixing import Recipe
from tasks.problems import PROBLEMS
from tasks.row import Dataset, Split
from tasks.sources import Source
from xltransfer.errors import InputError, nearest

SPLITS = ("train", "dev", "test")

# Format -> the source that reads it, and what the format fixes of it. Where
# there are two, `columns` decides: a list of all, or names in the first line.
FORMATS: dict[str, tuple[tuple[type, ...], dict[str, Any]]] = {
    "tsv": ((sources.Delimited, sources.Table), {}),
    "csv": (
        (sources.Delimited, sources.Table),
        {"delimiter": ",", "quoted": True, "multiline": True},
    ),
    "jsonl": ((sources.JsonLines,), {}),
    "json": ((sources.JsonArray,), {}),
    "text": ((sources.PlainText,), {}),
    "xml": ((sources.XmlPairs,), {}),
    "parallel": ((sources.Parallel,), {}),
    "concatenated": ((sources.Concatenated,), {}),
    "composed": ((sources.Composed,), {}),
    "recoded": ((sources.Recoded,), {}),
    "selected": ((sources.Selected,), {}),
    "without": ((sources.Without,), {}),
    "portion": ((sources.Portion,), {}),
    "squad": ((sources.SquadJson,), {}),
    "question lines": ((sources.QuestionLines,), {}),
    "tagged": ((sources.Tagged,), {}),
    "treebanks": ((sources.Treebanks,), {}),
    "alternatives": ((sources.Alternatives,), {}),
    "sorted pairs": ((sources.SortedPairs,), {}),
    "mined pairs": ((sources.MinedPairs,), {}),
    "answer sentences": ((sources.AnswerSentences,), {}),
}

# Problem -> the raw fields that it needs, and those that it may have.
RAW_FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "classification": ({"premise", "hypothesis", "label"}, set()),
    "multiple_choice": ({"prompt", "choices"}, {"label", "answer"}),
    "span": ({"id", "question", "context", "answers"}, set()),
    "tagging": ({"words", "tags"}, set()),
    "language_modeling": ({"text"}, set()),
    "retrieval": (
        set(),
        {
            *("query", "query_id", "candidate", "candidate_id"),
            *("context", "gold"),
        },
    ),
}
_METRICS: dict[str, tuple[str, ...]] = {
    "span": ("squad",),
    "tagging": ("panx",),
    "retrieval": ("map@20",),
    "language_modeling": (),
}


def read(path: Path) -> tuple[tuple[Dataset, ...], tuple[Recipe, ...]]:
    """Returns the datasets and the mixtures that a file describes.

    Raises:
      InputError: with file, line and key, for whatever is not understood.
    """
    root = _root(path)
    found = _Mapping(path, root, "")
    found.check_keys(("datasets", "mixtures"))
    rows = tuple(
        _dataset(path, node, f"datasets[{number}]")
        for number, node in enumerate(found.sequence("datasets"))
    )
    for number, row in enumerate(rows):
        if row.name in {one.name for one in rows[:number]}:
            node = found.sequence("datasets")[number]
            raise _error(path, node, "", f"a second dataset {row.name!r}.")
    return rows, _recipes(path, found)


class _Strict(yaml.SafeLoader):
    """Takes every plain scalar for text."""


_Strict.yaml_implicit_resolvers = {}


def _root(path: Path) -> MappingNode:
    try:
        text = path.read_text(encoding="utf-8")
        for event in yaml.parse(text, Loader=_Strict):
            # Aliases of aliases grow without bounds, and tags name classes.
            if isinstance(event, yaml.AliasEvent) or getattr(
                event, "anchor", None
            ):
                raise _error(path, event, "", "anchors are not supported.")
            if getattr(event, "tag", None):
                raise _error(path, event, "", "tags are not supported.")
        root = yaml.compose(text, Loader=_Strict)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8.") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise InputError(f"{path}{line}: no valid YAML: {problem}.") from error
    if not isinstance(root, MappingNode):
        raise InputError(f"{path}:1: expected `datasets:` and a list.")
    return root


class _Mapping:
    """A mapping of the file, with what messages need."""

    def __init__(self, path: Path, node: Node, where: str):
        if not isinstance(node, MappingNode):
            raise _error(path, node, where, "expected keys with values.")
        self.path, self.node, self.where = path, node, where
        self.values: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise _error(path, key, where, "a key must be text.")
            if key.value in self.values:
                raise _error(path, key, where, f"{key.value!r} stands twice.")
            self.values[key.value] = value
        self._keys = {key.value: key for key, _ in node.value}

    def check_keys(self, known: typing.Iterable[str]) -> None:
        known = list(known)
        for name, key in self._keys.items():
            if name not in known:
                raise _error(
                    self.path,
                    key,
                    self.where,
                    f"unknown key {name!r}.{nearest(name, known)} Known are "
                    f"{', '.join(known)}.",
                )

    def sequence(self, name: str) -> list[Node]:
        node = self.values.get(name)
        if node is None:
            return []
        if not isinstance(node, SequenceNode):
            raise self.error(name, "expected a list, each line with a dash.")
        return node.value

    def text(self, name: str) -> str:
        if name not in self.values:
            raise self.error(name, "is missing.")
        return _value(self.path, self.values[name], str, self.inner(name))

    def inner(self, name: str) -> str:
        return f"{self.where}.{name}".lstrip(".")

    def error(self, name: str, message: str) -> InputError:
        node = self.values.get(name, self.node)
        return _error(self.path, node, self.inner(name), message)


def _dataset(path: Path, node: Node, where: str) -> Dataset:
    found = _Mapping(path, node, where)
    hints = typing.get_type_hints(Dataset)
    found.check_keys(hints)
    name = found.text("name")
    if not re.fullmatch(r"\w+\.\w+", name):
        raise found.error(
            "name", f"{name!r} is no name; write family.language, as mynli.sw."
        )
    problem = found.text("problem")
    if problem not in PROBLEMS:
        known = ", ".join(PROBLEMS)
        raise found.error(
            "problem",
            f"{problem!r} is none of {known}.{nearest(problem, PROBLEMS)}",
        )
    facts = {
        key: _value(path, value, hints[key], found.inner(key))
        for key, value in found.values.items()
        if key != "splits"
    }
    try:
        language(found.text("language"))
    except InputError as error:
        raise found.error("language", str(error)) from error
    splits = _splits(found, problem)
    facts.setdefault("metrics", _METRICS.get(problem, ("accuracy",)))
    if problem == "classification":
        facts = _classes(found, facts)
    return Dataset(splits=splits, **facts)


def _splits(found: _Mapping, problem: str) -> tuple[Split, ...]:
    if "splits" not in found.values:
        raise found.error("splits", "is missing.")
    parts = _Mapping(found.path, found.values["splits"], found.inner("splits"))
    parts.check_keys(SPLITS)
    if not parts.values:
        raise found.error("splits", "at least one of train, dev, test.")
    splits = []
    for name, node in parts.values.items():
        part = _Mapping(found.path, node, parts.inner(name))
        size = None
        if "size" in part.values:
            size = _value(
                part.path, part.values["size"], int, part.inner("size")
            )
        source = _source(part, ("size",))
        _check_fields(part, source, problem)
        splits.append(Split(name, source, size))
    return tuple(splits)


def _source(found: _Mapping, also: tuple[str, ...] = ()) -> Source:
    name = found.text("format")
    if name not in FORMATS:
        raise found.error(
            "format",
            f"{name!r} is none of {', '.join(FORMATS)}.{nearest(name, FORMATS)}",
        )
    classes, fixed = FORMATS[name]
    is_named = isinstance(found.values.get("columns"), MappingNode)
    kind = classes[-1 if is_named else 0]
    hints = typing.get_type_hints(kind)
    fields = {one.name: one for one in dataclasses.fields(kind)}
    found.check_keys([*fields, "format", *also])
    for key, field in fields.items():
        is_needed = field.default is dataclasses.MISSING
        if is_needed and key not in found.values and key not in fixed:
            raise found.error(key, f"is missing: {name} needs it.")
    given = {
        key: _value(found.path, node, hints[key], found.inner(key))
        for key, node in found.values.items()
        if key in fields
    }
    return kind(**{**fixed, **given})


def _check_fields(part: _Mapping, source: Source, problem: str) -> None:
    """Refuses fields that the problem does not know or that it misses."""
    key, names = next(
        (
            (key, value)
            for key in ("columns", "keys", "fields")
            if (value := getattr(source, key, None)) is not None
        ),
        ("", ()),
    )
    made = {one if isinstance(one, str) else one[0] for one in names} - {""}
    outer = getattr(source, "outer", ())
    made |= {name for name, _ in outer}
    # Other sources make the fields of their problem themselves.
    known = (sources.QuestionLines, sources.SquadJson)
    if not key or isinstance(source, known) or problem not in RAW_FIELDS:
        return
    needed, allowed = RAW_FIELDS[problem]
    for name in sorted(made - needed - allowed):
        known = sorted(needed | allowed)
        raise part.error(
            key,
            f"{problem} has no field {name!r}.{nearest(name, known)} Its "
            f"fields are {', '.join(known)}; '' leaves a column out.",
        )
    for name in sorted(needed - made):
        raise part.error(key, f"{problem} needs the field {name!r}.")


def _classes(found: _Mapping, facts: dict[str, Any]) -> dict[str, Any]:
    labels = facts.get("labels", ())
    if len(labels) < 2:
        raise found.error("labels", "classification needs two or more.")
    for raw, label in facts.get("label_map", ()):
        if label not in labels:
            raise found.error(
                "label_map",
                f"{raw!r} stands for {label!r}, which is no label."
                f"{nearest(label, labels)}",
            )
    facts.setdefault("text_labels", labels)
    if len(facts["text_labels"]) != len(labels):
        raise found.error("text_labels", f"{len(labels)} are needed.")
    family = facts["name"].split(".")[0]
    facts.setdefault(
        "template", f"{family}: premise: {{premise}} hypothesis: {{hypothesis}}"
    )
    return facts


def _recipes(path: Path, root: _Mapping) -> tuple[Recipe, ...]:
    if "mixtures" not in root.values:
        return ()
    found = _Mapping(path, root.values["mixtures"], "mixtures")
    recipes = []
    for name in found.values:
        try:
            recipe = mixing.parse(found.text(name))
        except InputError as error:
            raise found.error(name, str(error)) from error
        if not re.fullmatch(r"\w+", name):
            raise found.error(name, "a mixture's name has no dots or signs.")
        recipes.append(dataclasses.replace(recipe, name=name))
    return tuple(recipes)


def _value(path: Path, node: Node, hint: Any, where: str) -> Any:
    """Returns what a node says, as a field's type has it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _value(path, node, _choice(node, arguments), where)
    if origin is Literal:
        text = _value(path, node, str, where)
        if text not in arguments:
            raise _error(
                path,
                node,
                where,
                f"{text!r} is none of {', '.join(arguments)}."
                f"{nearest(text, arguments)}",
            )
        return text
    if hint is Source:
        return _source(_Mapping(path, node, where))
    if origin is tuple:
        return _several(path, node, arguments[0], where)
    if not isinstance(node, ScalarNode):
        raise _error(path, node, where, "expected one value.")
    return _scalar(path, node, hint, where)


def _choice(node: Node, hints: tuple) -> Any:
    """Of several types, a list is the one that is a tuple."""
    is_list = isinstance(node, SequenceNode)
    fitting = [
        one for one in hints if (typing.get_origin(one) is tuple) == is_list
    ]
    return next(one for one in fitting or hints if one is not type(None))


def _several(path: Path, node: Node, hint: Any, where: str) -> tuple:
    """Reads a list; a tuple of pairs is written as keys with values."""
    if typing.get_origin(hint) is tuple:
        values = _Mapping(path, node, where).values
        inner = typing.get_args(hint)[1]
        return tuple(
            (key, _value(path, value, inner, f"{where}.{key}"))
            for key, value in values.items()
        )
    if not isinstance(node, SequenceNode):
        raise _error(path, node, where, "expected a list: [a, b].")
    return tuple(
        _value(path, one, hint, f"{where}[{number}]")
        for number, one in enumerate(node.value)
    )


_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}
_READERS: Mapping[type, tuple[Callable[[str], Any], str]] = {
    str: (str, "a text"),
    int: (int, "a whole number"),
    bool: (_BOOLEANS.__getitem__, "true or false"),
}


def _scalar(path: Path, node: ScalarNode, hint: Any, where: str) -> Any:
    if hint not in _READERS:
        raise _error(path, node, where, "this cannot be given in a file.")
    reader, what = _READERS[hint]
    try:
        return reader(node.value)
    except (ValueError, KeyError) as error:
        raise _error(
            path, node, where, f"{node.value!r} is not {what}."
        ) from error


def _error(path: Path, node: Any, where: str, message: str) -> InputError:
    line = node.start_mark.line + 1
    return InputError(f"{path}:{line}: {where}{': ' if where else ''}{message}")

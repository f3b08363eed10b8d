"""The report as one HTML page that needs nothing else."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from xltransfer import results
from xltransfer.report import colours
from xltransfer.report.document import Comparer, Document

_STEPS = [
    step / colours.STEPS for step in range(-colours.STEPS, colours.STEPS + 1)
]
# Columns of whole numbers; other numbers are kept as they are written, since a
# script would write 75.0 as 75.
_NUMBERS = ("seed", "n")


def html(document: Document) -> str:
    """Returns the page: style, script, drawings and numbers are inside."""
    folder = resources.files(__name__.rpartition(".")[0]) / "page"
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "shade": colours.shade_class,
        "kind": lambda block: type(block).__name__,
        "configurations": _configurations,
    }
    template = environment.from_string(
        (folder / "page.html").read_text("utf-8")
    )
    return template.render(
        document=document,
        style=(folder / "page.css").read_text("utf-8"),
        script=(folder / "page.js").read_text("utf-8"),
        shades=colours.stylesheet(),
        steps=_STEPS,
        results=_json(_packed(document.results)),
    )


def _packed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns rows as lists, each text once and then by its number."""
    words: dict[str, dict[str, int]] = {
        name: {} for name in results.COLUMNS if name not in _NUMBERS
    }
    packed = [
        [
            words[name].setdefault(_written(row[name]), len(words[name]))
            if name in words
            else row[name]
            for name in results.COLUMNS
        ]
        for row in rows
    ]
    return {
        "columns": results.COLUMNS,
        "words": {name: list(known) for name, known in words.items()},
        "rows": packed,
    }


def _written(value: Any) -> str:
    """Returns a value as a CSV file has it."""
    return "" if value is None else str(value)


def _configurations(block: Comparer) -> Markup:
    """Returns configurations as JSON, each as what differs from a like one.

    Phases of one kind and data share nearly everything.
    """
    words: dict[str, int] = {}
    bases: dict[tuple[str, ...], tuple[int, Mapping[str, str]]] = {}
    phases = {}
    for name, fields in block.fields.items():
        key = tuple(fields)
        number, base = bases.setdefault(key, (len(bases), fields))
        own = {k: v for k, v in fields.items() if base[k] != v}
        phases[name] = [number, _pairs(own, words)]
    return _json(
        {
            "cells": block.cells,
            "bases": [_pairs(base, words) for _, base in bases.values()],
            "phases": phases,
            "words": list(words),
        }
    )


def _pairs(
    fields: Mapping[str, str], words: dict[str, int]
) -> list[tuple[int, int]]:
    return [
        (words.setdefault(k, len(words)), words.setdefault(v, len(words)))
        for k, v in fields.items()
    ]


def _json(value: Any) -> Markup:
    """Returns JSON that no script element can be ended by."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))

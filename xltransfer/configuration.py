"""Gin files and overrides -> a Study. Imported by the command line only."""

import contextlib
import importlib.util  # noqa: F401  gin 0.5 uses it without importing it
import inspect
import logging
import os
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO, TypeVar

import gin
from gin import config as gin_config
from xltransfer.errors import InputError, nearest
from xltransfer.study import Study, in_miniature

GIN_ROOT = Path(__file__).resolve().parent.parent / "gin"
PREFIX = "--gin."
Root = TypeVar("Root")

# What gin says of a configurable beside its name.
_CLASS = re.compile(r" \(?<(class|function|ast)[^>]*>\)?")


def load(
    path: Path, overrides: Sequence[str], root: type[Root] = Study
) -> tuple[Root, str]:
    """Parses a gin file with its overrides.

    Args:
      path: the gin file; its includes are looked for beside it, in
        the working directory and in the project's `gin` folder.
      overrides: `NAME=VALUE`, where NAME is a macro, or a parameter
        `[scope/]configurable.parameter`, that the files know.
      root: what the file configures.

    Returns:
      The study, or another root, and the whole configuration as gin text.

    Raises:
      InputError: naming the file, line or binding that is wrong, with the
        nearest name.
    """
    gin.clear_config()
    if not path.is_file():
        others = {one.name: one for one in path.parent.glob("*.gin")}
        hint = nearest(path.name, others)
        raise InputError(f"{path}: there is no such study file.{hint}")
    gin_config._LOCATION_PREFIXES = [
        "",
        str(path.resolve().parent),
        str(GIN_ROOT),
    ]
    # Gin's other reader would take a folder `models` anywhere on the Python
    # path for the one that a study includes files of.
    gin_config._FILE_READERS = [(_open, os.path.isfile)]
    with _readable(str(path)):
        gin.parse_config_file(str(path))
    for override in overrides:
        _check_override(override)
        with _readable(f"{PREFIX}{override}"):
            gin.parse_config(override)
    with _readable(str(path)):
        # Refuses what is still %gin.REQUIRED.
        gin.finalize()
        found = gin.get_configurable(root)()
        if getattr(found, "scale", "full") == "miniature":
            found = in_miniature(found)
    for override in overrides:
        _check_used(override)
    return found, gin.config_str()


def split_arguments(arguments: Sequence[str], options: Sequence[str]) -> list:
    """Returns the overrides among leftover arguments.

    Raises:
      InputError: for an argument that is no override, with the nearest option.
    """
    overrides = []
    for argument in arguments:
        if not argument.startswith(PREFIX):
            hint = nearest(argument.split("=")[0], [*options, PREFIX])
            raise InputError(f"Unknown argument {argument!r}.{hint}")
        if "=" not in argument:
            raise InputError(f"{argument}: write {argument}=VALUE.")
        overrides.append(argument.removeprefix(PREFIX))
    return overrides


def _check_override(override: str) -> None:
    """Gin lets a mistyped macro or scope pass in silence; this does not."""
    name = override.split("=", 1)[0].strip()
    scope, _, binding = name.rpartition("/")
    macros, scopes, parameters = _known_names()
    if not scope and "." not in binding:
        if binding not in macros:
            hint = nearest(binding, [*macros, *parameters])
            raise InputError(f"{PREFIX}{name}: no such macro.{hint}")
        return
    if scope and scope not in scopes:
        hint = nearest(scope, scopes)
        raise InputError(f"{PREFIX}{name}: no such scope {scope!r}.{hint}")
    if ".".join(binding.split(".")[-2:]) not in parameters:
        hint = nearest(binding, parameters)
        raise InputError(f"{PREFIX}{name}: no such parameter.{hint}")


def _check_used(override: str) -> None:
    """Refuses an override that the study never looked at."""
    name = override.split("=", 1)[0].strip()
    if name in _known_names()[0]:
        scope, selector, parameter = name, "gin.macro", "value"
    else:
        key = gin_config.ParsedBindingKey.parse(name)
        scope, selector = key.scope, key.complete_selector
        parameter = key.arg_name
    binding = {
        one
        for one, known in gin_config._CONFIG
        if known == selector and parameter in gin_config._CONFIG[one, known]
    }
    called = {
        one for one, known in gin_config._OPERATIVE_CONFIG if known == selector
    }
    if scope in {_innermost(one, binding) for one in called}:
        return
    short = f"{selector.rsplit('.', 1)[-1]}.{parameter}"
    others = [f"{PREFIX}{one}/{short}" for one in sorted(binding - {scope, ""})]
    hint = f" Is one of these meant: {', '.join(others)}?" if others else ""
    raise InputError(f"{PREFIX}{name}: the study does not use it.{hint}")


def _innermost(scope: str, binding: set[str]) -> str | None:
    """Returns where gin finds a parameter: the longest scope that binds it."""
    parts = scope.split("/") if scope else []
    outer = ["/".join(parts[:end]) for end in range(len(parts), -1, -1)]
    return next((one for one in outer if one in binding), None)


def _known_names() -> tuple[set[str], set[str], set[str]]:
    """Returns macros, scopes and parameters of the parsed files."""
    macros, scopes = set(), set()
    for scope, selector in gin_config._CONFIG:
        (macros if selector == "gin.macro" else scopes).add(scope)
    parameters = set()
    for selector, known in gin_config._REGISTRY.items():
        if selector.startswith(("xltransfer.", "tasks.")):
            name = selector.rsplit(".", 1)[-1]
            for parameter in inspect.signature(known.wrapped).parameters:
                parameters.add(f"{name}.{parameter}")
    return macros, scopes - {""}, parameters


@contextlib.contextmanager
def _readable(where: str) -> Iterator[None]:
    """Turns gin's many exceptions into one message that says where."""
    root = logging.getLogger()
    # Gin reports each search path in which an included file is not found.
    root.addFilter(_not_found)
    try:
        yield
    except Exception as error:
        text = _text(error)
        raise InputError(f"{where}: {text}{_hint(text)}") from error
    finally:
        root.removeFilter(_not_found)


def _text(error: Exception) -> str:
    """Returns what gin says, on one line and without what it adds."""
    if isinstance(error, tokenize.TokenError):
        message, (line, _) = error.args
        return f"{message}, line {line}: is a bracket or quote left open?"
    # Gin would repeat the whole configuration.
    text = str(error).partition(" in config string:")[0]
    return _CLASS.sub("", " ".join(text.split()))


def _open(path: str) -> TextIO:
    return open(path, encoding="utf-8")


def _not_found(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Path not found")


def _hint(text: str) -> str:
    """Offers the nearest name for what gin does not know."""
    macros, _, parameters = _known_names()
    parameter = re.search("parameter named '([^']*)'", text)
    if parameter:
        names = {name.rsplit(".", 1)[-1] for name in parameters}
        return nearest(parameter[1], names)
    macro = re.search("No bindings specified for '([^']*)/gin.macro'", text)
    if macro:
        return f".{nearest(macro[1], macros)}"
    if "malformed node or string" in text:
        return " Text is written in quotes."
    return ""

"""Weights from one layout to another: `xltransfer convert`."""

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks import tokenizer_files, vocabularies
from xltransfer import fingerprint, origins
from xltransfer.checkpoints import Checkpoints
from xltransfer.components import group_names
from xltransfer.errors import InputError, nearest
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.objectives import multitask
from xltransfer.objectives.objective import Params
from xltransfer.phase import VOCABULARY
from xltransfer.pretrained import (
    architectures,
    hf_export,
    hub,
    huggingface,
    names,
    t5x,
    t5x_export,
)
from xltransfer.pretrained.architectures import Config, Model
from xltransfer.pretrained.stored import Loaded
from xltransfer.pretrained.weight_files import read_json
from xltransfer.workspace import DONE

CONFIGS = {one.__name__: one for one in (XLMRConfig, MT5Config)}


@dataclasses.dataclass(frozen=True)
class Source:
    """What is converted, the parameters apart.

    Attributes:
      model: what the parameters belong to.
      labels: of its classes, in their order, where they have names.
      vocabulary: the SentencePiece model, where there is one.
      head: the name of the model's head, where a phase trained several.
    """

    model: Model
    labels: tuple[str, ...] = ()
    vocabulary: Path | None = None
    head: str | None = None

    def load(self, origin: str) -> Loaded:
        """Reads the model's parameters.

        Raises:
          InputError: naming what is missing, misshapen or damaged.
        """
        wanted = huggingface.abstract_params(self.model)
        if self.head is None:
            return origins.load(origin, self.model, wanted)
        wanted[multitask.HEADS] = {self.head: {"head": wanted.pop("head")}}
        loaded = origins.load(origin, self.model, wanted)
        heads = loaded.params.pop(multitask.HEADS)
        return dataclasses.replace(
            loaded, params=loaded.params | heads[self.head]
        )


def convert(
    origin: str, out: Path, to: str, head: str | None = None
) -> tuple[str, ...]:
    """Writes weights in another layout, whole or not at all.

    Args:
      origin: a prefix and a place, as `Study.init` has them, or a phase's
        folder.
      out: the folder to make.
      to: `hf`, `t5x` or `xl`.
      head: which head, of a phase that trained several.

    Returns:
      What to know about what was written, and about what was not.

    Raises:
      InputError: when the origin is missing or damaged, the layout cannot
        hold the model, or the folder exists.
    """
    if to not in LAYOUTS:
        raise InputError(
            f"--to {to!r} is none of {', '.join(LAYOUTS)}."
            f"{nearest(to, LAYOUTS)}"
        )
    if out.exists():
        raise InputError(f"{out} exists; name a folder that does not.")
    if ":" not in origin and Path(origin).is_dir():
        origin = f"xl:{origin}"
    prefix, place = origins.split(origin)
    source = _SOURCES[prefix](place, head)
    LAYOUTS[to].check(source.model)
    loaded = source.load(origin)
    if loaded.missing:
        raise InputError(
            f"{place}: tensors missing: {', '.join(loaded.missing)}"
        )
    with _whole(out) as partial:
        notes = LAYOUTS[to].write(partial, source, loaded.params)
    if loaded.unused:
        notes = (f"unused tensors: {', '.join(loaded.unused)}", *notes)
    return notes


@contextlib.contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """Gives a folder that gets its name once all of it is written."""
    out = out.absolute()
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        yield partial
        partial.rename(out)
    except OSError as error:
        raise InputError(f"{out}: not written ({error}).") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _from_hf(place: str, head: str | None) -> Source:
    _check_no_head(place, head)
    directory = hub.directory(place)
    config = huggingface.read_config(directory)
    path = directory / "config.json"
    fields = read_json(path)
    found = architectures.of_class(
        path, config, (fields.get("architectures") or [None])[0]
    )
    scale = directory / names.SCALE_FILE
    if found.suffix == architectures.BARE and scale.is_file():
        found = architectures.of_problem(path, config, "retrieval")
    labels = _labels(path, fields) if found.labelled else ()
    file = directory / tokenizer_files.MODEL_FILE[_family(config)]
    return Source(
        found.build(config, len(labels)),
        labels,
        file if file.is_file() else None,
    )


def _labels(path: Path, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the classes' names in the order of their numbers."""
    found = fields.get("id2label")
    try:
        if found is None:
            # What transformers takes them to be where it says nothing.
            count = range(fields.get("num_labels", 2))
            return tuple(f"LABEL_{i}" for i in count)
        return tuple(str(found[str(i)]) for i in range(len(found)))
    except (KeyError, TypeError):
        raise InputError(
            f"{path}: id2label does not name the classes 0, 1, …: {found!r}"
        ) from None


def _from_t5x(place: str, head: str | None) -> Source:
    _check_no_head(place, head)
    return Source(MT5(t5x.read_config(place, t5x.open_checkpoint(place))))


def _check_no_head(place: str, head: str | None) -> None:
    if head is not None:
        raise InputError(
            f"--head {head!r}: {place} is no phase with several heads."
        )


def _from_xl(place: str, head: str | None) -> Source:
    """Reads phase.json, which stands beside the folder of checkpoints."""
    folder = origins.checkpoint(place).parent.parent
    path = folder / "phase.json"
    fields = read_json(path).get("configuration")
    if not isinstance(fields, dict):
        raise InputError(f"{path}: no field 'configuration'")
    config = _config(path, fields.get("model"))
    problem, labels = fields.get("problem"), fields.get("labels")
    if (
        isinstance(config, XLMRConfig)
        and len(heads := _heads(path, fields)) > 1
    ):
        problem, labels = _chosen(path, heads, head)
    else:
        _check_no_head(place, head)
    found = architectures.of_problem(path, config, problem)
    labels = tuple(labels or ()) if found.labelled else ()
    vocabulary = folder / VOCABULARY
    return Source(
        found.build(config, len(labels)),
        labels,
        vocabulary if vocabulary.is_file() else None,
        head,
    )


def _heads(
    path: Path, fields: Mapping[str, Any]
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Returns problem and labels of each head of an encoder's phase."""
    try:
        kinds = dict.fromkeys(
            (part["problem"], tuple(part["labels"]))
            for part in fields.get("components", ())
        )
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: damaged components ({error})") from None
    named = group_names(problem for problem, _ in kinds)
    return dict(zip(named, kinds, strict=True))


def _chosen(
    path: Path, heads: Mapping[str, tuple], head: str | None
) -> tuple[str, tuple[str, ...]]:
    if head not in heads:
        raise InputError(
            f"{path}: --head {head!r} is none of the phase's heads: "
            f"{', '.join(heads)}.{nearest(str(head), heads)}"
            if head
            else f"{path}: the phase has several heads; choose by --head one "
            f"of {', '.join(heads)}."
        )
    return heads[head]


def _config(path: Path, fields: Any) -> Config:
    found = dict(fields) if isinstance(fields, Mapping) else {}
    name = found.pop("class", None)
    if name not in CONFIGS:
        raise InputError(f"{path}: model {name!r} is none of {list(CONFIGS)}.")
    try:
        return CONFIGS[name](**found)
    except TypeError as error:
        raise InputError(f"{path}: model: {error}") from None


def _write_hf(folder: Path, source: Source, params: Params) -> tuple[str, ...]:
    hf_export.write(folder, source.model, params, source.labels)
    return (*hf_export.notes(source.model), _write_tokenizer(folder, source))


def _write_tokenizer(folder: Path, source: Source) -> str:
    """Writes what AutoTokenizer reads; returns what to know about it."""
    if source.vocabulary is None:
        return "no tokenizer was written: the source has no SentencePiece model"
    config = source.model.config
    vocabulary = vocabularies.SentencePieceFile(
        _family(config), str(source.vocabulary)
    )
    length = config.max_length if isinstance(config, XLMRConfig) else None
    try:
        tokenizer_files.write_huggingface_tokenizer(vocabulary, folder, length)
    except InputError as error:
        return f"no tokenizer was written: {error}"
    return vocabularies.export_warning(vocabulary)


def _family(config: Config) -> vocabularies.Family:
    return "mt5" if isinstance(config, MT5Config) else "xlmr"


def _check_t5x(model: Model) -> None:
    if not isinstance(model, MT5) or model.config.relpos_per_layer:
        raise InputError(
            "T5X's layout is written for whole mT5 models only, not for "
            f"{architectures.class_name(model)}."
        )


def _write_t5x(folder: Path, source: Source, params: Params) -> tuple[str, ...]:
    t5x_export.write(folder, params)
    return ()


def _write_xl(folder: Path, source: Source, params: Params) -> tuple[str, ...]:
    """Writes what a finished phase of no steps would be."""
    configuration = {
        "kind": "converted",
        "model": source.model.config,
        "problem": architectures.of_model(source.model).problems[0],
        "labels": source.labels,
    }
    plain = {"configuration": fingerprint.canonical(configuration)}
    (folder / "phase.json").write_text(json.dumps(plain, indent=1) + "\n")
    if source.vocabulary is not None:
        shutil.copyfile(source.vocabulary, folder / VOCABULARY)
    with Checkpoints(folder / "checkpoints") as checkpoints:
        checkpoints.save(0, {"params": params}, {})
    (folder / DONE).write_text(json.dumps({"step": 0}) + "\n")
    return ()


@dataclasses.dataclass(frozen=True)
class Layout:
    """How weights are written.

    Attributes:
      check: refuses what the layout cannot hold, before anything is read.
      write: writes a folder; returns what to know about it.
    """

    check: Callable[[Model], object]
    write: Callable[[Path, Source, Params], tuple[str, ...]]


_SOURCES: dict[str, Callable[[str, str | None], Source]] = {
    "hf": _from_hf,
    "t5x": _from_t5x,
    "xl": _from_xl,
}
LAYOUTS = {
    "hf": Layout(hf_export.config, _write_hf),
    "t5x": Layout(_check_t5x, _write_t5x),
    "xl": Layout(lambda model: None, _write_xl),
}

"""Weights from one layout to another: `xltransfer convert`."""

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xltransfer import fingerprint, origins
from xltransfer.checkpoints import Checkpoints
from xltransfer.errors import InputError, nearest
from xltransfer.models.mt5 import MT5, MT5Config
from xltransfer.models.xlmr import XLMRClassifier, XLMRConfig, XLMRMaskedLM
from xltransfer.objectives.objective import Params
from xltransfer.phase import VOCABULARY
from xltransfer.pretrained import hf_export, hub, huggingface, t5x, t5x_export
from xltransfer.pretrained.huggingface import Model
from xltransfer.pretrained.weight_files import read_json
from xltransfer.workspace import DONE

CONFIGS = {one.__name__: one for one in (XLMRConfig, MT5Config)}


@dataclasses.dataclass(frozen=True)
class Source:
    """What is converted, the parameters apart.

    Attributes:
      model: what the parameters belong to.
      head: False for XLM-R's encoder alone.
      labels: of a classifier's classes, in their order.
      vocabulary: the SentencePiece model, where there is one.
    """

    model: Model
    head: bool = True
    labels: tuple[str, ...] = ()
    vocabulary: Path | None = None

    def abstract(self) -> Params:
        """Returns shapes and types of the parameters."""
        params = huggingface.abstract_params(self.model)
        if not self.head:
            params.pop("head")
        return params


def convert(origin: str, out: Path, to: str) -> tuple[str, ...]:
    """Writes weights in another layout, whole or not at all.

    Args:
      origin: a prefix and a place, as `Study.init` has them, or a phase's
        folder.
      out: the folder to make.
      to: `hf`, `t5x` or `xl`.

    Returns:
      The names of tensors of the origin that belong to no parameter.

    Raises:
      InputError: when the origin is missing or damaged, the layout cannot
        hold the model, or the folder exists.
    """
    if to not in WRITERS:
        raise InputError(
            f"--to {to!r} is none of {', '.join(WRITERS)}."
            f"{nearest(to, WRITERS)}"
        )
    if out.exists():
        raise InputError(f"{out} exists; name a folder that does not.")
    if ":" not in origin and Path(origin).is_dir():
        origin = f"xl:{origin}"
    prefix, place = origins.split(origin)
    source = _SOURCES[prefix](place)
    loaded = origins.load(origin, source.model, source.abstract())
    if loaded.missing:
        raise InputError(
            f"{place}: tensors missing: {', '.join(loaded.missing)}"
        )
    with _whole(out) as partial:
        WRITERS[to](partial, source, loaded.params)
    return loaded.unused


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


def _from_hf(place: str) -> Source:
    directory = hub.directory(place)
    config = huggingface.read_config(directory)
    fields = read_json(directory / "config.json")
    architecture = str((fields.get("architectures") or [None])[0])
    labels = tuple((fields.get("id2label") or {}).values())
    known: dict[str, tuple[Model, bool]] = {}
    if isinstance(config, MT5Config):
        known["MT5ForConditionalGeneration"] = MT5(config), True
    else:
        count = len(labels) or fields.get("num_labels", 2)
        known["XLMRobertaForSequenceClassification"] = (
            XLMRClassifier(config, count),
            True,
        )
        known["XLMRobertaForMaskedLM"] = XLMRMaskedLM(config), True
        known["XLMRobertaModel"] = XLMRMaskedLM(config), False
    if architecture not in known:
        raise InputError(
            f"{directory / 'config.json'}: the architecture {architecture!r} "
            f"is none of {', '.join(known)}.{nearest(architecture, known)}"
        )
    model, head = known[architecture]
    name, _ = hf_export.VOCABULARIES[type(config)]
    file = directory / name
    if not isinstance(model, XLMRClassifier):
        labels = ()
    return Source(model, head, labels, file if file.is_file() else None)


def _from_t5x(place: str) -> Source:
    return Source(MT5(t5x.read_config(place, t5x.open_checkpoint(place))))


def _from_xl(place: str) -> Source:
    """Reads phase.json, which stands beside the folder of checkpoints."""
    folder = origins.checkpoint(place).parent.parent
    path = folder / "phase.json"
    fields = read_json(path).get("configuration")
    if not isinstance(fields, dict):
        raise InputError(f"{path}: no field 'configuration'")
    config = _config(path, fields.get("model"))
    labels = tuple(fields.get("labels") or ())
    vocabulary = folder / VOCABULARY
    model, head = _model(path, config, fields.get("problem"), len(labels))
    return Source(
        model, head, labels, vocabulary if vocabulary.is_file() else None
    )


def _config(path: Path, fields: Any) -> XLMRConfig | MT5Config:
    found = dict(fields) if isinstance(fields, Mapping) else {}
    name = found.pop("class", None)
    if name not in CONFIGS:
        raise InputError(f"{path}: model {name!r} is none of {list(CONFIGS)}.")
    try:
        return CONFIGS[name](**found)
    except TypeError as error:
        raise InputError(f"{path}: model: {error}") from None


def _model(
    path: Path, config: XLMRConfig | MT5Config, problem: Any, labels: int
) -> tuple[Model, bool]:
    if isinstance(config, MT5Config):
        return MT5(config), True
    if problem == "classification":
        return XLMRClassifier(config, labels), True
    if problem in ("language_modeling", None):
        return XLMRMaskedLM(config), problem is not None
    raise InputError(f"{path}: no layout for the problem {problem!r}.")


def _write_hf(folder: Path, source: Source, params: Params) -> None:
    hf_export.write(
        folder, source.model, params, source.labels, source.vocabulary
    )


def _write_t5x(folder: Path, source: Source, params: Params) -> None:
    if not isinstance(source.model, MT5):
        raise InputError("T5X's layout holds mT5 only, no XLM-R.")
    t5x_export.write(folder, params)


def _write_xl(folder: Path, source: Source, params: Params) -> None:
    """Writes what a finished phase of no steps would be."""
    problem = {XLMRClassifier: "classification"}.get(
        type(source.model), "language_modeling"
    )
    configuration = {
        "kind": "converted",
        "model": source.model.config,
        "problem": problem if source.head else None,
        "labels": source.labels,
    }
    plain = {"configuration": fingerprint.canonical(configuration)}
    (folder / "phase.json").write_text(json.dumps(plain, indent=1) + "\n")
    if source.vocabulary is not None:
        shutil.copyfile(source.vocabulary, folder / VOCABULARY)
    with Checkpoints(folder / "checkpoints") as checkpoints:
        checkpoints.save(0, {"params": params}, {})
    (folder / DONE).write_text(json.dumps({"step": 0}) + "\n")


Writer = Callable[[Path, Source, Params], None]

_SOURCES: dict[str, Callable[[str], Source]] = {
    "hf": _from_hf,
    "t5x": _from_t5x,
    "xl": _from_xl,
}
WRITERS: dict[str, Writer] = {
    "hf": _write_hf,
    "t5x": _write_t5x,
    "xl": _write_xl,
}

"""What a checkpoint of any layout holds, its parameters apart."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks import tokenizer_files
from tasks.vocabularies import Family
from xltransfer import origins
from xltransfer.components import group_names
from xltransfer.errors import InputError, nearest
from xltransfer.models.mt5 import MT5Config
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.objectives import multitask
from xltransfer.objectives.objective import Params
from xltransfer.pretrained import (
    architectures,
    hub,
    huggingface,
    names,
    t5x,
)
from xltransfer.pretrained.architectures import Config, Model
from xltransfer.pretrained.stored import Loaded
from xltransfer.pretrained.weight_files import read_json

CONFIGS = {one.__name__: one for one in (XLMRConfig, MT5Config)}
# The SentencePiece model beside the checkpoints of a phase.
VOCABULARY = "vocabulary.model"
RETRIEVAL = "retrieval"


@dataclasses.dataclass(frozen=True)
class Source:
    """A model of one head, its parameters apart.

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
        return load(origin, self.model, wanted, self.head)


def load(
    origin: str, model: Model, wanted: Params, head: str | None = None
) -> Loaded:
    """Reads parameters, those of a head from where a phase of several has it.

    Args:
      origin: a prefix and a place.
      model: whose parameters they are.
      wanted: shapes, types and shardings, as the model names them.
      head: which one, of several.

    Raises:
      InputError: naming what is missing, misshapen or damaged.
    """
    if head is None or "head" not in wanted:
        return origins.load(origin, model, wanted)
    rest = {name: part for name, part in wanted.items() if name != "head"}
    rest[multitask.HEADS] = {head: {"head": wanted["head"]}}
    loaded = origins.load(origin, model, rest)
    heads = loaded.params.pop(multitask.HEADS)
    return dataclasses.replace(loaded, params=loaded.params | heads[head])


@dataclasses.dataclass(frozen=True)
class Head:
    """What a checkpoint was trained to predict.

    Attributes:
      problem: its name; None for an encoder without a head.
      labels: of its classes, in their order, where they have names.
    """

    problem: str | None
    labels: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Contents:
    """What a checkpoint holds.

    Attributes:
      path: the file that says so.
      config: family and size.
      heads: by name; a checkpoint of one has it under None.
      vocabulary: the SentencePiece model, where there is one.
      phase: the configuration of the phase that trained it, if one did.
    """

    path: Path
    config: Config
    heads: Mapping[str | None, Head]
    vocabulary: Path | None = None
    phase: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def source(self, head: str | None = None) -> Source:
        """Returns the model of one head.

        Args:
          head: its name, where there are several.

        Raises:
          InputError: for an unknown head, or none where one must be chosen.
        """
        if None in self.heads and head is not None:
            raise InputError(
                f"--head {head!r}: {self.path.parent} is no phase with several "
                "heads."
            )
        if head not in self.heads:
            raise InputError(
                f"{self.path}: --head {head!r} is none of the phase's heads: "
                f"{', '.join(self.heads)}.{nearest(str(head), self.heads)}"
                if head
                else f"{self.path}: the phase has several heads; choose by "
                f"--head one of {', '.join(self.heads)}."
            )
        chosen = self.heads[head]
        found = architectures.of_problem(self.path, self.config, chosen.problem)
        labels = chosen.labels if found.labelled else ()
        model = found.build(self.config, len(labels))
        return Source(model, labels, self.vocabulary, head)


def prefixed(origin: str) -> str:
    """Returns an origin with its prefix, which a folder of one's own may lack."""
    is_path = ":" not in origin and Path(origin).is_dir()
    if is_path or origin.startswith("gs://"):
        return f"xl:{origin}"
    return origin


def read(origin: str) -> Contents:
    """Returns what a checkpoint holds.

    Args:
      origin: a prefix and a place, as `Study.init` has them.

    Raises:
      InputError: where it is missing or damaged.
    """
    prefix, place = origins.split(origin)
    return _READERS[prefix](place)


def family(config: Config) -> Family:
    """Returns the name of a model family's vocabulary."""
    return "mt5" if isinstance(config, MT5Config) else "xlmr"


def _from_hf(place: str) -> Contents:
    directory = hub.directory(place)
    config = huggingface.read_config(directory)
    path = directory / "config.json"
    fields = read_json(path)
    found = architectures.of_class(
        path, config, (fields.get("architectures") or [None])[0]
    )
    dual = architectures.of_problem(path, config, RETRIEVAL)
    scale = directory / names.SCALE_FILE
    if found.suffix == dual.suffix and scale.is_file():
        found = dual
    labels = _labels(path, fields) if found.labelled else ()
    file = directory / tokenizer_files.MODEL_FILE[family(config)]
    return Contents(
        path,
        config,
        {None: Head(found.problems[0], labels)},
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


def _from_t5x(place: str) -> Contents:
    config = t5x.read_config(place, t5x.open_checkpoint(place))
    head = Head("language_modeling")
    return Contents(Path(place) / "checkpoint", config, {None: head})


def _from_xl(place: str) -> Contents:
    """Reads phase.json, which stands beside the folder of checkpoints."""
    folder = origins.checkpoint(place).parent.parent
    path = folder / "phase.json"
    fields = read_json(path).get("configuration")
    if not isinstance(fields, dict):
        raise InputError(f"{path}: no field 'configuration'")
    config = _config(path, fields.get("model"))
    labels = tuple(fields.get("labels") or ())
    heads = {None: Head(fields.get("problem"), labels)}
    several = _heads(path, fields)
    if isinstance(config, MT5Config):
        several = _text_heads(several.values())
    heads = several if len(several) > 1 else heads
    file = folder / VOCABULARY
    return Contents(
        path, config, heads, file if file.is_file() else None, fields
    )


def _heads(path: Path, fields: Mapping[str, Any]) -> dict[str, Head]:
    """Returns each head of an encoder's phase."""
    try:
        kinds = dict.fromkeys(
            Head(part["problem"], tuple(part["labels"]))
            for part in fields.get("components", ())
        )
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: damaged components ({error})") from None
    named = group_names(head.problem for head in kinds)
    return dict(zip(named, kinds, strict=True))


def _text_heads(heads: Iterable[Head]) -> dict[str | None, Head]:
    """Returns those of mT5: one for text, and that of a dual encoder."""
    problems = {one.problem for one in heads}
    found: dict[str | None, Head] = {}
    if problems - {RETRIEVAL}:
        found["text"] = Head("multitask")
    if RETRIEVAL in problems:
        found[RETRIEVAL] = Head(RETRIEVAL)
    return found


def _config(path: Path, fields: Any) -> Config:
    found = dict(fields) if isinstance(fields, Mapping) else {}
    name = found.pop("class", None)
    if name not in CONFIGS:
        raise InputError(f"{path}: model {name!r} is none of {list(CONFIGS)}.")
    try:
        return CONFIGS[name](**found)
    except TypeError as error:
        raise InputError(f"{path}: model: {error}") from None


_READERS: dict[str, Callable[[str], Contents]] = {
    "hf": _from_hf,
    "t5x": _from_t5x,
    "xl": _from_xl,
}

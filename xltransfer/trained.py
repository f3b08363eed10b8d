"""A checkpoint of any layout that can be asked something."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks import vocabularies
from tasks.vocabularies import SentencePieceFile, Vocabulary
from xltransfer import contents, origins, renderings
from xltransfer.contents import Contents
from xltransfer.errors import InputError, nearest
from xltransfer.pretrained.weight_files import read_json
from xltransfer.reading import Pairs, Reading
from xltransfer.renderings import ModelConfig
from xltransfer.workspace import DONE

GIVEN = "given"
# What XLM-R has positions for, and the lengths that mT5 was fine-tuned with.
LENGTHS = {
    "encoder": (("tokens", 512),),
    "text": (("inputs", 1024), ("targets", 128)),
}


@dataclasses.dataclass(frozen=True)
class Trained:
    """A checkpoint, as far as it can be asked something.

    Attributes:
      origin: a prefix and a place.
      contents: what it holds.
      reading: its model, and how it reads datasets.
      protocol: what every number of it must carry.
      lineage: the configurations of the phase that trained it and of those
        before, as far as their folders are there, the last phase first.
    """

    origin: str
    contents: Contents
    reading: Reading
    protocol: Mapping[str, Any]
    lineage: tuple[Mapping[str, Any], ...] = ()

    @property
    def family(self) -> str:
        """`xlmr` or `mt5`."""
        return contents.family(self.contents.config)


def trained(
    origin: str,
    model: ModelConfig | None = None,
    lengths: Mapping[str, int] | None = None,
    vocabulary: Path | None = None,
    rule: str | None = None,
) -> Trained:
    """Returns a checkpoint, without reading its parameters.

    Args:
      origin: a phase's folder, or a prefix and a place as `Study.init` has
        them.
      model: in place of what the checkpoint says of itself.
      lengths: longest example, per sequence feature; by default those that the
        phase was trained with, or `LENGTHS`.
      vocabulary: a SentencePiece model in place of the checkpoint's own.
      rule: which of the checkpoints that a phase's selection rules chose.

    Raises:
      InputError: where it is missing or damaged, or was chosen by no such rule.
    """
    origin = contents.prefixed(origin)
    origin, chosen = _chosen(origin, rule)
    found = contents.read(origin)
    training = found.phase.get("training") or {}
    wanted = tuple(sorted((lengths or {}).items()))
    reading = Reading(
        model or found.config,
        _vocabulary(found, vocabulary),
        wanted or _pairs(training, "lengths") or _default(found),
        () if wanted else _pairs(training, "row_lengths"),
    )
    lineage = tuple(_lineage(found))
    return Trained(
        origin,
        found,
        reading,
        chosen
        | {
            "seed": found.phase.get("seed"),
            "lengths": dict(reading.lengths),
            "trimmed_softmax": _trimmed(lineage),
        },
        lineage,
    )


def _lineage(found: Contents) -> Iterator[Mapping[str, Any]]:
    """Yields the phase's configuration and its parents'."""
    phases, one = found.path.parent.parent, found.phase
    while one:
        yield one
        files = phases.glob(f"*-{one['parent']}/phase.json")
        file = next(files, None) if one.get("parent") else None
        one = read_json(file).get("configuration") if file else None


def _trimmed(lineage: tuple[Mapping[str, Any], ...]) -> bool | None:
    """Tells whether any phase trained a trimmed softmax; None: not known."""
    trainings = [one.get("training") or {} for one in lineage]
    if any(one.get("trimmed_softmax") for one in trainings):
        return True
    is_whole = bool(lineage) and not lineage[-1].get("parent")
    return False if is_whole else None


def _chosen(origin: str, rule: str | None) -> tuple[str, dict[str, Any]]:
    """Returns the origin of one checkpoint, and how it was chosen."""
    prefix, place = origins.split(origin)
    given = {"selection": GIVEN, "checkpoint": None}
    if prefix != "xl":
        _refuse(rule, place)
        return origin, {"phase": origins.identity(origin)} | given
    folder = origins.checkpoint(place)
    record_file = folder.parent.parent / DONE
    record = read_json(record_file) if record_file.is_file() else {}
    phase = {"phase": record.get("identity") or origins.identity(origin)}
    step = int(folder.name)
    if Path(place).absolute() == folder or "selection" not in record:
        _refuse(rule, place)
        return origin, phase | given | {"checkpoint": step}
    rules = {one["rule"]: one["step"] for one in record["rules"].values()}
    name = rule or record["selection"]
    if name not in rules:
        raise InputError(
            f"--rule {name!r}: {place} was chosen from by {', '.join(rules)}."
            f"{nearest(name, rules)}"
        )
    step = rules[name]
    return (
        f"xl:{folder.parent / str(step)}",
        phase | {"selection": name, "checkpoint": step},
    )


def _refuse(rule: str | None, place: str) -> None:
    if rule is not None:
        raise InputError(
            f"--rule {rule!r}: {place} is one checkpoint, not the folder of a "
            "phase that a study trained."
        )


def _vocabulary(found: Contents, file: Path | None) -> Vocabulary:
    family = contents.family(found.config)
    file = file or found.vocabulary
    if file is None:
        return vocabularies.PublishedVocabulary(family)
    vocabulary = SentencePieceFile(family, str(file))
    # Refuses a file that is not there.
    vocabulary.digest()
    return vocabulary


def _pairs(training: Mapping[str, Any], name: str) -> Pairs:
    return tuple((str(key), int(n)) for key, n in training.get(name) or ())


def _default(found: Contents) -> Pairs:
    kind = renderings.name(found.config)
    most = getattr(found.config, "max_length", None)
    return tuple(
        (name, min(length, most or length)) for name, length in LENGTHS[kind]
    )

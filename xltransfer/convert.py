"""Weights from one layout to another: `xltransfer convert`."""

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from tasks import tokenizer_files, vocabularies
from xltransfer import contents, fingerprint
from xltransfer.checkpoints import Checkpoints
from xltransfer.contents import VOCABULARY, Source, family
from xltransfer.errors import InputError, nearest
from xltransfer.models.mt5 import MT5
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.objectives.objective import Params
from xltransfer.pretrained import architectures, hf_export, t5x_export
from xltransfer.pretrained.architectures import Model
from xltransfer.workspace import DONE


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
    origin = contents.prefixed(origin)
    source = contents.read(origin).source(head)
    LAYOUTS[to].check(source.model)
    loaded = source.load(origin)
    if loaded.missing:
        raise InputError(
            f"{origin}: tensors missing: {', '.join(loaded.missing)}"
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


def _write_hf(folder: Path, source: Source, params: Params) -> tuple[str, ...]:
    hf_export.write(folder, source.model, params, source.labels)
    return (*hf_export.notes(source.model), _write_tokenizer(folder, source))


def _write_tokenizer(folder: Path, source: Source) -> str:
    """Writes what AutoTokenizer reads; returns what to know about it."""
    if source.vocabulary is None:
        return "no tokenizer was written: the source has no SentencePiece model"
    config = source.model.config
    vocabulary = vocabularies.SentencePieceFile(
        family(config), str(source.vocabulary)
    )
    length = config.max_length if isinstance(config, XLMRConfig) else None
    try:
        tokenizer_files.write_huggingface_tokenizer(vocabulary, folder, length)
    except InputError as error:
        return f"no tokenizer was written: {error}"
    return vocabularies.export_warning(vocabulary)


def _check_t5x(model: Model) -> None:
    if type(model) is not MT5 or model.config.relpos_per_layer:
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


LAYOUTS = {
    "hf": Layout(hf_export.config, _write_hf),
    "t5x": Layout(_check_t5x, _write_t5x),
    "xl": Layout(lambda model: None, _write_xl),
}

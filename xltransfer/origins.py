"""Where a first phase's parameters come from: `Study.init`.

`scratch`: new ones.
`hf:PLACE`: a Hugging Face directory, or an id of its hub
(`owner/name[@revision]`), whose files are fetched.
`t5x:PLACE`: a checkpoint that T5X wrote: a folder, or a `gs://` address, read
in place.
`xl:PLACE`: the folder of a finished phase (its selected checkpoint), or the
folder of one checkpoint.
"""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jax

from xltransfer import buckets, checkpoints
from xltransfer.errors import InputError
from xltransfer.objectives.objective import Params
from xltransfer.pretrained import hub, huggingface, t5x
from xltransfer.pretrained.architectures import Model
from xltransfer.pretrained.stored import Loaded
from xltransfer.pretrained.weight_files import read_json

SCRATCH = "scratch"


@dataclass(frozen=True)
class Origin:
    """A prefix and what it reads.

    Attributes:
      example: the form of a place, for messages.
      digest: the SHA-256 of a place's weights.
      load: reads a model's parameters of the given shapes and shardings.
      reads_addresses: whether it reads `gs://` itself; else a folder is mounted.
    """

    example: str
    digest: Callable[[str], str]
    load: Callable[[str, Model, Params], Loaded]
    reads_addresses: bool = False


def split(init: str) -> tuple[str, str]:
    """Returns prefix and place.

    Raises:
      InputError: for an unknown prefix or no place.
    """
    prefix, _, place = init.partition(":")
    if prefix not in ORIGINS or not place:
        others = " or ".join(
            f"'{name}:{one.example}'" for name, one in ORIGINS.items()
        )
        raise InputError(f"init {init!r} is neither {SCRATCH!r} nor {others}.")
    if place.startswith("gs://") and not ORIGINS[prefix].reads_addresses:
        place = str(buckets.local(place))
    return prefix, place


def identity(init: str) -> str:
    """Returns what stands for an origin in a phase's identity.

    The place is not part of it, the content is.

    Raises:
      InputError: when there are no weights, or they cannot be read.
    """
    if init == SCRATCH:
        return init
    prefix, place = split(init)
    return f"{prefix}:{_digest(prefix, place)}"


def load(init: str, model: Model, abstract: Params) -> Loaded:
    """Reads parameters straight to their devices.

    Args:
      init: a prefix and a place.
      model: whose parameters they are.
      abstract: shapes and shardings of those that are wanted.

    Raises:
      InputError: naming what is missing, misshapen or damaged.
    """
    prefix, place = split(init)
    return ORIGINS[prefix].load(place, model, abstract)


def has_masked_lm_head(init: str) -> bool:
    """Whether a head for masked words may come along, where one is wanted."""
    prefix, place = split(init)
    if prefix == "xl":
        path = checkpoint(place).parent.parent / "phase.json"
        configuration = read_json(path).get("configuration") or {}
        return configuration.get("problem") == "language_modeling"
    return prefix == "hf"


def checkpoint(place: str) -> Path:
    """Returns the checkpoint that an `xl:` place names.

    Raises:
      InputError: when it is neither a finished phase nor a checkpoint.
    """
    folder = Path(place).absolute()
    if not folder.is_dir():
        raise InputError(f"{place}: there is no such folder.")
    if (folder / "done.json").is_file():
        step = read_json(folder / "done.json").get("step")
        folder = folder / "checkpoints" / str(step)
    elif (folder / "phase.json").is_file():
        raise InputError(
            f"{place}: the phase is not finished; name one of the folders in "
            "its `checkpoints`, or let it finish."
        )
    if not folder.name.isdecimal() or not (folder / "state").is_dir():
        raise InputError(
            f"{folder}: no checkpoint; name the folder of a phase, or a "
            "numbered one in its `checkpoints`."
        )
    return folder


# Once a process, however many phases start there.
@functools.cache
def _digest(prefix: str, place: str) -> str:
    return ORIGINS[prefix].digest(place)


def _load_hf(place: str, model: Model, abstract: Params) -> Loaded:
    head = "head" in abstract
    directory = hub.directory(place)
    huggingface.check_config(directory, model)
    return huggingface.load(directory, model, head=head, abstract=abstract)


def _load_xl(place: str, model: Model, abstract: Params) -> Loaded:
    del model
    folder = checkpoint(place)
    params = checkpoints.restore_params(
        folder.parent, int(folder.name), jax.tree.map(_placed, abstract)
    )
    return Loaded(params, missing=(), unused=())


def _placed(leaf: jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
    """Orbax reads nothing but arrays on devices."""
    here = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    sharding = getattr(leaf, "sharding", None) or here
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)


def _digest_xl(place: str) -> str:
    """Covers the optimiser's state too, which lies in the same files."""
    state, whole = checkpoint(place) / "state", hashlib.sha256()
    for path in sorted(one for one in state.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        whole.update(str(path.relative_to(state)).encode() + content)
    return whole.hexdigest()


ORIGINS = {
    "hf": Origin(
        "<directory or hub id>",
        lambda place: huggingface.digest(hub.directory(place)),
        _load_hf,
    ),
    "t5x": Origin(
        "<directory or gs:// address>",
        t5x.digest,
        t5x.load,
        reads_addresses=True,
    ),
    "xl": Origin("<phase or checkpoint folder>", _digest_xl, _load_xl),
}

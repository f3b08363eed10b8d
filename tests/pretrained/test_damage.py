"""Damaged checkpoints are refused in one message, and never executed."""

import functools
import json
import os
import pickle
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from orbax import checkpoint as orbax
from safetensors.numpy import load_file, save_file

from xltransfer import convert, origins
from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5
from xltransfer.models.xlmr import XLMRMaskedLM
from xltransfer.pretrained import huggingface

torch = pytest.importorskip("torch")

Damage = Callable[[Path], None]
RANDOM = random.Random(2026)
SINGLE = "model.safetensors"


def test_each_of_238_damaged_checkpoints_is_refused(whole, tmp_path):
    trap, messages = tmp_path / "trap", {}
    for kind, damages in DAMAGES.items():
        origin, model, abstract = whole[kind]
        prefix, _, source = origin.partition(":")
        for number, damage in enumerate(damages(Path(source), trap)):
            place = tmp_path / f"{kind}-{number}"
            shutil.copytree(source, place)
            damage(place)
            try:
                origins.load(f"{prefix}:{place}", model, abstract)
                messages[place] = "not refused"
            except InputError as refused:
                messages[place] = str(refused)
            shutil.rmtree(place)
    for place, message in messages.items():
        assert str(place) in message, (place.name, message)
        assert "Traceback" not in message, message
    assert len(messages) == 238
    assert not trap.exists()


@pytest.fixture(scope="module")
def whole(reference, tmp_path_factory):
    """Checkpoints of each kind that load as they are."""
    folder = tmp_path_factory.mktemp("whole")
    mt5 = MT5(huggingface.read_config(reference / "mt5"))
    xlmr = XLMRMaskedLM(huggingface.read_config(reference / "xlmr_masked_lm"))
    torch_folder, shards = folder / "bin", folder / "bins"
    torch_folder.mkdir()
    shutil.copy(reference / "mt5.bin", torch_folder / "pytorch_model.bin")
    _shard(reference / "mt5.bin", shards)
    for one in (torch_folder, shards):
        shutil.copy(reference / "mt5" / "config.json", one)
    convert.convert(f"hf:{reference / 'mt5'}", folder / "t5x", "t5x")
    convert.convert(f"hf:{reference / 'xlmr_masked_lm'}", folder / "xl", "xl")
    _orbax(reference / "mt5", mt5, folder / "ocdbt")
    found = {
        "single": (f"hf:{reference / 'xlmr_masked_lm'}", xlmr),
        "sharded": (f"hf:{reference / 'mt5'}", mt5),
        "bin": (f"hf:{torch_folder}", mt5),
        "bins": (f"hf:{shards}", mt5),
        "t5x": (f"t5x:{folder / 't5x'}", mt5),
        "ocdbt": (f"t5x:{folder / 'ocdbt'}", mt5),
        "xl": (f"xl:{folder / 'xl'}", xlmr),
    }
    abstract = {one: huggingface.abstract_params(one) for one in (mt5, xlmr)}
    for origin, model in found.values():
        assert origins.load(origin, model, abstract[model]).missing == ()
    return {k: (o, model, abstract[model]) for k, (o, model) in found.items()}


def _shard(file: Path, folder: Path) -> None:
    folder.mkdir()
    tensors = torch.load(file, weights_only=True)
    shards: dict[str, dict] = {"one.bin": {}, "two.bin": {}}
    for number, (name, tensor) in enumerate(tensors.items()):
        shards["one.bin" if number % 2 else "two.bin"][name] = tensor.clone()
    for name, content in shards.items():
        torch.save(content, folder / name)
    index = {n: shard for shard, tensors in shards.items() for n in tensors}
    path = folder / "pytorch_model.bin.index.json"
    path.write_text(json.dumps({"weight_map": index}))


def _orbax(source: Path, model: MT5, out: Path) -> None:
    """What T5X writes today: its state through Orbax."""
    params = huggingface.load(source, model).params
    state = {"target": params, "state": {"step": np.int32(1)}}
    saved = jax.tree.map(jax.numpy.asarray, state)
    orbax.PyTreeCheckpointer().save(out.absolute() / "state", saved)


# Kinds of damage.


def truncated(path: str, kept: float) -> Damage:
    def damage(folder: Path) -> None:
        content = (folder / path).read_bytes()
        (folder / path).write_bytes(content[: int(kept * len(content))])

    return damage


def flipped(path: str, position: int, bit: int | None = None) -> Damage:
    """One bit of one byte."""
    bit = bit or 1 << RANDOM.randrange(8)

    def damage(folder: Path) -> None:
        content = bytearray((folder / path).read_bytes())
        content[position] ^= bit
        (folder / path).write_bytes(content)

    return damage


def removed(path: str) -> Damage:
    return lambda folder: (
        shutil.rmtree(folder / path)
        if (folder / path).is_dir()
        else (folder / path).unlink()
    )


def edited(path: str, change: Callable) -> Damage:
    """A JSON file with a change that is not valid in it."""

    def damage(folder: Path) -> None:
        fields = json.loads((folder / path).read_text())
        change(fields)
        (folder / path).write_text(json.dumps(fields))

    return damage


def retyped(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int32)


def reshaped(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array, array]).copy()


def replaced(path: str, name: str, change: Callable) -> Damage:
    def damage(folder: Path) -> None:
        tensors = load_file(folder / path)
        save_file(tensors | {name: change(tensors[name])}, folder / path)

    return damage


def renamed(path: str, name: str) -> Damage:
    def damage(folder: Path) -> None:
        tensors = load_file(folder / path)
        tensors[f"{name}x"] = tensors.pop(name)
        save_file(tensors, folder / path)

    return damage


# What is done to each kind.


def single(source: Path, trap: Path) -> Iterator[Damage]:
    content = (source / SINGLE).read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    # What stands in `__metadata__`, and the blanks at the end, mean nothing.
    begin = content.index(b"}") + 1
    end = len(content[:end].rstrip())
    names = sorted(load_file(source / SINGLE))
    yield from (truncated(SINGLE, step / 10) for step in range(10))
    yield from (flipped(SINGLE, byte) for byte in range(8))
    yield from (
        flipped(SINGLE, RANDOM.randrange(begin, end)) for _ in range(20)
    )
    for name in RANDOM.sample(names, 5):
        yield renamed(SINGLE, name)
        yield replaced(SINGLE, name, retyped)
        yield replaced(SINGLE, name, reshaped)


def sharded(source: Path, trap: Path) -> Iterator[Damage]:
    index = f"{SINGLE}.index.json"
    content = (source / index).read_bytes()
    begin = content.index(b"weight_map")
    shards = sorted(one.name for one in source.glob("*.safetensors"))
    for shard in RANDOM.sample(shards, 5):
        yield removed(shard)
        yield truncated(shard, RANDOM.random())
    yield from (truncated(index, step / 5) for step in range(5))
    yield from (
        flipped(index, RANDOM.randrange(begin, len(content) - 3))
        for _ in range(10)
    )
    name, shard = RANDOM.choice(
        sorted(json.loads(content)["weight_map"].items())
    )
    for change in (retyped, reshaped):
        yield replaced(shard, name, change)
    for place in ("../model.safetensors", "other.safetensors", 1):
        yield edited(
            index,
            lambda fields, place=place: fields["weight_map"].update(
                {name: place}
            ),
        )


def torch_file(path: str, source: Path, trap: Path) -> Iterator[Damage]:
    content = (source / path).read_bytes()
    directory = content.rindex(b"data.pkl")
    yield from (truncated(path, step / 8) for step in range(8))
    # Not the bit that tells capitals, which PyTorch does not look at.
    yield from (flipped(path, directory + byte, 1) for byte in range(8))
    tensors = torch.load(source / path, weights_only=True)
    name = RANDOM.choice(sorted(tensors))
    tensor = tensors[name]
    other = {key: one for key, one in tensors.items() if key != name}
    for content in (
        other,
        other | {name: tensor.int()},
        other | {name: torch.cat([tensor, tensor])},
        other | {name: tensor.tolist()},
        other | {name: {"nested": tensor}},
        other | {name: tensor.to_sparse()},
        [tensor],
        tensor,
    ):
        yield functools.partial(_save, path, content)
    for call in (
        (os.mkdir, (str(trap),)),
        (os.system, (f"touch {trap}",)),
        (exec, (f"open({str(trap)!r}, 'w')",)),
        (eval, (f"open({str(trap)!r}, 'w')",)),
        (open, (str(trap), "w")),
        (Path.touch, (trap,)),
    ):
        yield functools.partial(_save, path, other | {name: Trap(*call)})
    yield lambda folder: (folder / path).write_bytes(
        pickle.dumps(Trap(os.mkdir, (str(trap),)))
    )


class Trap:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Callable, arguments: tuple) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def _save(path: str, content: object, folder: Path) -> None:
    torch.save(content, folder / path)
    assert zipfile.is_zipfile(folder / path)


def t5x(source: Path, trap: Path) -> Iterator[Damage]:
    content = (source / "checkpoint").read_bytes()
    folders = sorted(one.name for one in source.glob("target.*"))
    yield from (truncated("checkpoint", step / 8) for step in range(8))
    for folder in RANDOM.sample(folders, 8):
        # The folder's name in the msgpack file, behind `target.`.
        position = content.index(folder.encode()) + 7
        yield flipped("checkpoint", position + RANDOM.randrange(7))
        chunk = f"{folder}/" + next(
            one.name
            for one in (source / folder).iterdir()
            if one.name != ".zarray"
        )
        yield removed(chunk)
        yield truncated(chunk, RANDOM.random())
        # Compressed data have a checksum.
        yield flipped(chunk, (source / chunk).stat().st_size - 6)
    for folder in RANDOM.sample(folders, 4):
        header = f"{folder}/.zarray"
        yield removed(folder)
        yield truncated(header, RANDOM.random())
        yield edited(header, lambda one: one.update(dtype="<i4"))
        yield edited(header, lambda one: one["shape"].append(3))
        yield edited(header, lambda one: one.update(compressor={"id": "x"}))


def ocdbt(source: Path, trap: Path) -> Iterator[Damage]:
    manifest = "state/manifest.ocdbt"
    size = (source / manifest).stat().st_size
    yield removed(manifest)
    yield from (truncated(manifest, step / 5) for step in range(5))
    # Manifests and nodes have a checksum.
    yield from (flipped(manifest, RANDOM.randrange(size)) for _ in range(5))
    for path in _databases(source / "state"):
        yield removed(f"state/{path}")


def xl(source: Path, trap: Path) -> Iterator[Damage]:
    state = "checkpoints/0/state"
    manifest = f"{state}/manifest.ocdbt"
    size = (source / manifest).stat().st_size
    yield removed("done.json")
    yield removed("checkpoints")
    yield removed(state)
    yield removed(manifest)
    yield removed(f"{state}/_METADATA")
    yield truncated("done.json", 0.5)
    yield edited("done.json", lambda one: one.update(step=7))
    yield edited("done.json", lambda one: one.update(step="../0"))
    yield from (truncated(manifest, step / 4) for step in range(4))
    yield from (truncated(f"{state}/_METADATA", one / 3) for one in range(3))
    yield from (flipped(manifest, RANDOM.randrange(size)) for _ in range(5))
    for path in _databases(source / state):
        yield removed(f"{state}/{path}")


def _databases(state: Path) -> list[str]:
    """The top of the tree, which is read first."""
    return sorted(
        str(one.relative_to(state)) for one in (state / "d").iterdir()
    )


DAMAGES = {
    "single": single,
    "sharded": sharded,
    "bin": functools.partial(torch_file, "pytorch_model.bin"),
    "bins": functools.partial(torch_file, "one.bin"),
    "t5x": t5x,
    "ocdbt": ocdbt,
    "xl": xl,
}

"""What TensorFlow Datasets has prepared, read where it lies.

TFDS is asked only for what it has right. It prepares a dataset on a connected
machine (`tfds build`, or `tfds.load`) below the data directory's `tfds` folder:
`<data directory>/tfds/<name>/<config>/<version>`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xltransfer.errors import InputError, nearest

FOLDER = "tfds"


@dataclass(frozen=True)
class Prepared:
    """A split of a dataset that TFDS has prepared.

    `name` is TFDS's, with a config where there is one (`paws_x_wiki/de`);
    `fields` pairs each field with the feature it comes from. Classes are read
    as their names (`-` for none), lists as tuples; a path (`answers/text`)
    leads into nested features. Two paths, of texts and of their places, give
    pairs of both, as answers are.

    `prefix` keeps the examples whose field begins so.
    """

    name: str
    version: str
    split: str
    fields: tuple[tuple[str, str | tuple[str, str]], ...]
    prefix: tuple[str, str] = ("", "")

    def folder(self, data_dir: Path | None) -> Path:
        """Returns where TFDS keeps it; refuses where there is no place."""
        if data_dir is None:
            raise InputError(
                f"{self.name} lies in a data directory and none is given: pass "
                "--data-dir or set XLTRANSFER_DATA_DIR."
            )
        return Path(data_dir) / FOLDER / self.name / self.version

    def files(self, data_dir: Path | None) -> tuple[Path, ...]:
        """Returns the split's files, or the folder that should hold them."""
        folder = self.folder(data_dir)
        dataset = self.name.split("/")[0]
        found = sorted(folder.glob(f"{dataset}-{self.split}.*"))
        if not found:
            return (folder / f"{dataset}-{self.split}",)
        return (folder / "dataset_info.json", folder / "features.json", *found)

    def missing(self, data_dir: Path | None) -> tuple[Path, ...]:
        """Returns the files that are not there."""
        return tuple(p for p in self.files(data_dir) if not p.is_file())

    def digest(self, data_dir: Path | None) -> str:
        """Returns the SHA-256 of the split's files and of the selection."""
        whole = hashlib.sha256(repr(self).encode())
        for path in self.files(data_dir):
            try:
                whole.update(hashlib.sha256(path.read_bytes()).digest())
            except OSError as error:
                raise InputError(f"{path}: {error.strerror}.") from error
        return whole.hexdigest()

    def read(
        self, data_dir: Path | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields `('folder:number', fields)`; raises InputError at damage."""
        import tensorflow_datasets as tfds

        folder = self.folder(data_dir)
        try:
            builder = tfds.builder_from_directory(folder)
            # In the order of the files: shuffling them would be chance.
            config = tfds.ReadConfig(interleave_cycle_length=1)
            found = tfds.as_numpy(
                builder.as_dataset(
                    split=self.split, read_config=config, shuffle_files=False
                )
            )
            for number, example in enumerate(found, start=1):
                where = f"{folder}/{self.split}:{number}"
                fields = {
                    field: _values(builder.info.features, example, path, where)
                    for field, path in self.fields
                }
                field, prefix = self.prefix
                if fields.get(field, "").startswith(prefix):
                    yield where, fields
        except InputError:
            raise
        except Exception as error:
            text = " ".join(str(error).split())[:200]
            raise InputError(
                f"{folder}: TFDS cannot read its split {self.split!r} ({text}). "
                "Prepare it anew."
            ) from error


def _values(
    features: Any, example: Any, path: str | tuple[str, str], where: str
) -> Any:
    if isinstance(path, str):
        return _value(features, example, path, where)
    texts, places = (_value(features, example, one, where) for one in path)
    return tuple(zip(texts, map(int, places), strict=True))


def _value(features: Any, example: Any, path: str, where: str) -> Any:
    """Returns what a path leads to, as text or a tuple of texts."""
    for step in path.split("/"):
        # Sequence({...}) is a dictionary of lists.
        features = getattr(features, "feature", features)
        if not isinstance(example, dict) or step not in example:
            names = example if isinstance(example, dict) else ()
            raise InputError(
                f"{where}: no feature {path!r}.{nearest(step, names)}"
            )
        example, features = example[step], features[step]
    features = getattr(features, "feature", features)
    if getattr(example, "ndim", 0):
        return tuple(_text(features, one) for one in example)
    return _text(features, example)


def _text(feature: Any, value: Any) -> str:
    if hasattr(feature, "int2str"):
        return feature.int2str(int(value)) if value >= 0 else "-"
    return value.decode() if isinstance(value, bytes) else str(value)

"""Published weights by their name on Hugging Face's hub."""

import functools
import re
from pathlib import Path

from xltransfer.errors import InputError
from xltransfer.pretrained import names

# `owner/name`, and perhaps a branch, tag or commit.
_ID = re.compile(r"([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")

_FIRST = (
    "config.json",
    names.SCALE_FILE,
    "model*.safetensors",
    "model.safetensors.index.json",
)
_ELSE = ("pytorch_model*.bin", "pytorch_model.bin.index.json")
_VOCABULARIES = ("sentencepiece.bpe.model", "spiece.model")


def directory(name: str) -> Path:
    """Returns the folder of a path or of a hub id, which is fetched.

    Args:
      name: a folder, or `owner/name[@revision]` where there is no such folder.

    Raises:
      InputError: when there is no such folder and the id cannot be fetched.
    """
    if Path(name).is_dir():
        return Path(name)
    found = _ID.fullmatch(name)
    if found is None or name.startswith("."):
        raise InputError(
            f"{name}: no such folder, and no id of Hugging Face's hub "
            "(owner/name, owner/name@revision)."
        )
    return _fetched(found[1], found[2])


def is_here(name: str) -> bool:
    """Tells whether there is such a folder, or the id was fetched before."""
    found = _ID.fullmatch(name)
    if Path(name).is_dir() or found is None or name.startswith("."):
        return True
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(found[1], revision=found[2], local_files_only=True)
    except (OSError, ValueError):
        return False
    return True


@functools.cache
def _fetched(repository: str, revision: str | None) -> Path:
    """Fetches what is needed only: no weights of other frameworks.

    Once a process, so that digest and weights are of the same revision.
    """
    from huggingface_hub import snapshot_download

    def fetch(*patterns: str) -> Path:
        return Path(
            snapshot_download(
                repository, revision=revision, allow_patterns=list(patterns)
            )
        )

    try:
        folder = fetch(*_FIRST, *_VOCABULARIES)
        if not any(folder.glob("model*.safetensors")):
            folder = fetch("config.json", *_ELSE, *_VOCABULARIES)
    except (OSError, ValueError) as error:
        text = " ".join(str(error).split())[:200]
        raise InputError(
            f"{repository}: no such folder, and it cannot be fetched from "
            f"Hugging Face's hub ({text}). Without a network, fetch it "
            "elsewhere and name its folder."
        ) from error
    return folder

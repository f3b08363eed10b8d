"""What every test shares. Set before JAX is imported anywhere."""

import os

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = " ".join(
    [
        os.environ.get("XLA_FLAGS", ""),
        "--xla_force_host_platform_device_count=8",
        # Most of a test is compiling.
        "--xla_backend_optimization_level=0",
    ]
).strip()

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from bucket_server import Server
from command import TINY, Command
from hypothesis import settings

# How long an example takes says nothing: the first one imports or compiles.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def reference(tmp_path_factory) -> Path:
    """The folder of Hugging Face's weights, inputs, outputs and gradients.

    Computed in a process of its own: PyTorch and TensorFlow do not always
    share one.
    """
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the reference needs {package}: install '.[test]'")
    folder = tmp_path_factory.mktemp("reference")
    script = Path(__file__).parent / "reference" / "huggingface.py"
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def command(tmp_path_factory) -> Command:
    """The command line with the tiny study's caches, built once.

    TensorFlow is needed here only, and takes most of the time.
    """
    folder = tmp_path_factory.mktemp("command")
    made = Command(folder / "cache", folder / "compiled")
    made.run("prepare", TINY, "--out", folder / "prepare")
    return made


@pytest.fixture(scope="session")
def finished(command, tmp_path_factory) -> tuple[Path, str, str]:
    """The tiny study, run to its end: its folder, and what was printed."""
    out = tmp_path_factory.mktemp("finished")
    return out, *command.run("run", TINY, "--out", out)


@pytest.fixture(scope="session")
def one_server():
    pytest.importorskip("gcp_storage_emulator")
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def server(one_server, monkeypatch) -> Server:
    """Cloud Storage on this machine, with an empty bucket `mine`."""
    monkeypatch.setenv("TENSORSTORE_GCS_HTTP_URL", one_server.address)
    one_server.wipe()
    return one_server

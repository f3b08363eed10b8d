import json
import subprocess
from importlib.metadata import version

import jax

from xltransfer import environment
from xltransfer.partitioning import Partitioning

PARTITIONING = Partitioning(rules=(("embed", "fsdp"),), data=4, fsdp=2)


def test_versions_devices_and_mesh_are_recorded_as_json():
    found = environment.describe(PARTITIONING)
    assert found["packages"]["jax"] == jax.__version__ == version("jax")
    # The tests run on 8 virtual devices of one process.
    assert (found["devices"], found["hosts"]) == (8, 1)
    assert found["platform"] == "cpu"
    assert found["mesh"] == {"slice": 1, "data": 4, "fsdp": 2, "tensor": 1}
    assert (found["scan"], found["remat"]) == (False, "none")
    assert found["rules"] == [["embed", "fsdp"]]
    assert json.loads(json.dumps(found)) == found


def test_without_git_the_commit_is_unknown(monkeypatch):
    def missing(*arguments, **options):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", missing)
    assert environment.describe(PARTITIONING)["commit"] is None

"""What the processes that run a study together must have in common."""

import dataclasses
import json

from xltransfer import environment, fingerprint, hosts
from xltransfer.study.declaration import Study
from xltransfer.study.plan import phases
from xltransfer.workspace import Workspace


def check(study: Study, workspace: Workspace) -> None:
    """Compares configuration, data, seeds and software of all processes.

    Raises:
      InputError: on every process, with the lines that differ; or where they
        do not share the study's folder.
    """
    if hosts.several():
        hosts.agree("The study", text(study, workspace))
        hosts.share(workspace.out)


def text(study: Study, workspace: Workspace) -> str:
    """Returns everything that decides what a process computes, as JSON.

    Paths are left out: each host may have its own caches and data.
    """
    facts = {
        "phases": [
            one.configuration(workspace.data_dir) for one in phases(study)
        ],
        "execution": dataclasses.asdict(workspace.execution),
        "environment": environment.describe(workspace.partitioning),
    }
    plain = fingerprint.canonical(facts, study.name)
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False)

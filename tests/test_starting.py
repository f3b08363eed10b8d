"""What a target of several sets takes over from one to the next."""

from pathlib import Path

import pytest
from command import TINY

from xltransfer import configuration, phase, starting, study
from xltransfer.workspace import Workspace

TWO = "('miniature_nli.de', 'miniature_nli.en')"
ANOTHER = "('miniature_choice.en', 'miniature_nli.en')"


@pytest.fixture
def taken(command, monkeypatch, tmp_path):
    """Returns which parts of the parameters a phase takes from its parent."""

    def asked(train: str) -> set[str]:
        overrides = f"Target.train={train}", f"Target.dev={train}"
        found, _ = configuration.load(TINY, overrides)
        last = next(study.cells(found)).phase
        place = Workspace(
            tmp_path,
            command.cache,
            None,
            found.partitioning,
            found.execution,
        )
        wanted: dict = {}

        def restore(folder: Path, step: int, abstract: dict) -> dict:
            wanted.update(abstract)
            return dict(abstract)

        monkeypatch.setattr(starting, "restore_params", restore)
        monkeypatch.setattr(starting, "finished", lambda *_: {"step": 1})
        starting.params(last, place, phase._Run(last, place).program)
        return set(wanted)

    return asked


def test_copa_goes_on_with_the_head_that_social_iqa_trained(taken):
    assert taken(TWO) == {"encoder", "head"}


def test_another_problem_has_a_head_of_its_own(taken):
    assert taken(ANOTHER) == {"encoder"}


def test_a_target_after_an_intermediate_has_a_head_of_its_own(taken):
    # The first phase of this target is the only one.
    assert taken("'miniature_nli.en'") == {"encoder"}

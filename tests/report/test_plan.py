"""What `plan` says, of phases that take no time."""

import json
import re
import xml.etree.ElementTree as ElementTree

import jax
import pytest
import trivial
from command import TINY, imported
from trivial import Recorder

from xltransfer import study
from xltransfer.claims import Claims
from xltransfer.errors import InputError
from xltransfer.report import graph, plan
from xltransfer.study import forecast
from xltransfer.workspace import DONE


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """The tiny study at two seeds, with phases that take no time."""
    trivial.install(monkeypatch)
    found = trivial.load("Study.seeds=(1, 2)")
    return found, trivial.place(found, tmp_path / "out")


def run(planned) -> None:
    planned[1].out.mkdir()
    study.run(*planned, Recorder())


def folders(planned, kind: str) -> list:
    return [
        planned[1].directory(one)
        for one in study.phases(planned[0])
        if one.kind == kind
    ]


def test_the_tree_shows_each_phase_once_with_its_seeds(planned):
    lines = list(plan.tree(planned[0], study.states(*planned)))
    # By hand. Pretraining serves two rows at two seeds.
    assert lines == [
        "pretrain miniature_text.mul (seed 0, 4 cells): to do",
        "├─ target miniature_nli.en (seeds 1, 2): to do",
        "└─ intermediate miniature_inference.hi (seeds 1, 2, 2 cells): to do",
        "   └─ target miniature_nli.en (seeds 1, 2): to do",
        "target miniature_nli.en (seeds 1, 2): to do",
    ]


def test_the_table_tells_examples_and_epochs(planned):
    lines = list(plan.table(planned[0], study.states(*planned)))
    assert len(lines) == 1 + 1 + 2 + 6
    # 6 steps of 8 examples, of 2,000.
    hindi = next(line for line in lines if "miniature_inference.hi" in line)
    assert hindi.split()[2:6] == ["6", "48", "0.024", "1"]


def test_states_are_told_apart(planned):
    found, where = planned
    run(planned)
    first, second = folders(planned, "intermediate")
    (first / DONE).unlink()
    (second / DONE).unlink()
    after = folders(planned, "target")
    (after[2] / DONE).unlink()
    (first / "metrics.jsonl").write_text('{"step": 2}\n{"step": 4}\n{"st')
    (second / "failed.json").write_text(
        json.dumps(
            {
                "phase": second.name,
                "dataset": "",
                "reason": "the loss is nan",
                "claim": 1,
                "step": 3,
                "log": None,
            }
        )
    )
    with Claims().take(first):
        known = study.states(*planned)
        kinds = [state.kind for state in known.values()]
        # What comes after a failed phase is done already.
        assert kinds.count("done") == 6 and kinds.count("to do") == 1
        running = next(x for x in known.values() if x.kind == "running")
        assert running.step == 4 and str(running).startswith("step 4, ")
        notes = list(plan.notes(found, where, known))
        assert f"{second.name} failed: the loss is nan" in notes
        assert ", 1 running, 1 failed;" in plan.summary(found, where, known)
    stopped = study.states(*planned)
    assert "stopped at 4" in map(str, stopped.values())


def test_disk_is_parameters_and_moments_of_every_checkpoint_kept(planned):
    size = forecast.checkpoints(*planned, study.states(*planned))
    found = planned[0]
    width, pieces, positions, inner = 16, 600, 34, 32
    # By hand, XLM-R with one layer: tables, norms, attention, feed-forward.
    encoder = (pieces + positions + 1) * width + 2 * width
    encoder += 4 * (width * width + width) + 4 * width
    encoder += width * inner + inner + inner * width + width
    head = width * width + width + 2 * width + 2
    # Parameters and two moments, float32; AdamW's two counters are nothing.
    state = 3 * 4 * (encoder + head)
    # Pretraining and Hindi keep the last checkpoint, targets the best too.
    kept = 1 + 2 + 6 * 2
    assert found.model.hidden_size == width
    assert size.now == 0
    assert size.later == pytest.approx(kept * state, rel=2e-3)


def test_time_left_is_known_once_a_like_phase_has_run_here(planned):
    found, where = planned
    assert forecast.time_left(found, where, study.states(*planned)) is None
    run(planned)
    for kind in ("pretrain", "intermediate", "target"):
        for folder in folders(planned, kind)[:1]:
            (folder / DONE).unlink()
    here = {
        "device_kind": jax.devices()[0].device_kind,
        "devices": jax.device_count(),
    }
    targets = folders(planned, "target")
    (targets[-1] / "environment.json").write_text(json.dumps(here))
    left = forecast.time_left(found, where, study.states(*planned))
    # Pretraining is of another problem. Two phases are like the one that ran
    # here: 6 steps of 8 examples at 32 a second.
    assert left.seconds == pytest.approx(2 * 48 / 32)
    assert left.unknown == (1, 0)
    elsewhere = here | {"device_kind": "another"}
    (targets[-1] / "environment.json").write_text(json.dumps(elsewhere))
    assert forecast.time_left(found, where, study.states(*planned)) is None


def test_the_picture_has_a_box_a_node_and_a_line_a_dependency(planned):
    found, known = planned[0], study.states(*planned)
    every = graph.nodes(found, known)
    drawn = ElementTree.fromstring(graph.svg(every, known))
    names = [one.tag.rpartition("}")[2] for one in drawn.iter()]
    assert names.count("rect") == 5 and names.count("path") == 3
    corners = {
        (one.get("x"), one.get("y"))
        for one in drawn.iter()
        if "rect" in one.tag
    }
    assert len(corners) == 5
    text = graph.dot(every, known)
    assert len(re.findall(r"^  n\d \[", text, re.MULTILINE)) == 5
    assert len(re.findall(r"^  n\d -> n\d;", text, re.MULTILINE)) == 3


def test_a_picture_of_an_unknown_kind_is_refused(planned, tmp_path):
    known = study.states(*planned)
    with pytest.raises(InputError, match=r"plan\.png: end the name in \.svg"):
        graph.write(tmp_path / "plan.png", planned[0], known)
    with pytest.raises(InputError, match="no such folder"):
        graph.write(tmp_path / "a" / "plan.svg", planned[0], known)
    graph.write(tmp_path / "plan.dot", planned[0], known)
    assert [path.name for path in tmp_path.iterdir()] == ["plan.dot"]


def test_a_plan_of_prepared_data_imports_no_tensorflow(
    finished, command, tmp_path
):
    picture = tmp_path / "plan.svg"
    printed, err = command.run(
        "plan", TINY, "--out", finished[0], "--graph", picture
    )
    heavy = {"tensorflow", "seqio", "transformers", "torch"}
    assert imported(err) & heavy == set()
    assert "5 phases, 5 done; without sharing it would be 6" in printed
    assert "time left for one worker: about 0 s\n" in printed
    assert picture.read_text().startswith("<svg")

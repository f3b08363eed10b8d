"""What is shared and what runs again, of studies whose phases take no time."""

import dataclasses
import re

import large
import pytest
import trivial
from command import TINY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trivial import Recorder

from xltransfer import configuration, fingerprint, study
from xltransfer.errors import InputError
from xltransfer.optimizer import AdamW
from xltransfer.specification import Phase
from xltransfer.workspace import Workspace, finished


def test_ten_intermediates_ten_targets_three_seeds_are_330_phases():
    found = large.load()
    every = study.phases(found)
    # 10 x 3 intermediates and 10 x 10 x 3 targets; alone, two phases a cell.
    after = [one for one in every if one.parent or one.kind == "intermediate"]
    assert len(after) == 330
    cells = [one for one in study.cells(found) if one.intermediate != "none"]
    assert 2 * len(cells) == 600
    # And direct transfer, of which nothing can be shared.
    assert len(every) - len(after) == 10 * 3


def test_the_study_of_330_phases_is_carried_out_once(tmp_path, monkeypatch):
    trivial.install(monkeypatch)
    found = large.load()
    where, seen = trivial.place(found, tmp_path / "out"), Recorder()
    where.out.mkdir()
    study.run(found, where, seen)
    assert len(seen.phases) == 360
    # 11 rows, 10 targets, 3 seeds, one language.
    assert len(seen.evaluated) == 11 * 10 * 3
    again = Recorder()
    study.run(found, where, again)
    assert again.phases == again.evaluated == []


def test_a_digest_is_taken_once_however_many_phases_share_it(monkeypatch):
    found, taken = large.load(), []
    vocabulary = type(next(iter(found.variants.values())).vocabulary)
    digest = vocabulary.digest

    def counted(self, data_dir):
        taken.append(self)
        return digest(self, data_dir)

    monkeypatch.setattr(vocabulary, "digest", counted)
    every = study.phases(found)
    for _ in range(3):
        assert len({one.identity(None) for one in every}) == 360
    assert len(taken) <= 1


# Bindings of one part of the study each -> the rows' phases that read them.
SCOPES = {
    "pretrain/Training": {"pretrain", "intermediate", "Hindi", "none"},
    "intermediate/Training": {"intermediate", "Hindi"},
    "target/Training": {"Hindi", "none", "no pretraining"},
}
VALUES = {
    "steps": st.integers(1, 50).filter(lambda n: n != 6),
    "batch_size": st.integers(1, 64).filter(lambda n: n != 8),
    # The model has positions for 32.
    "lengths": st.integers(8, 31),
    "dropout_rate": st.floats(0.125, 0.5),
    "patience": st.integers(1, 9),
}


def by_name(found: study.Study) -> dict[str, Phase]:
    """Returns each phase: targets by their row, others by their kind."""
    rows = {one.intermediate: one.phase for one in study.cells(found)}
    others = {one.kind: one for one in study.phases(found)}
    return rows | {name: others[name] for name in ("pretrain", "intermediate")}


@st.composite
def edits(draw) -> tuple[str, str]:
    scope = draw(st.sampled_from(sorted(SCOPES)))
    field = draw(st.sampled_from(sorted(VALUES)))
    value = draw(VALUES[field])
    text = f"{{'tokens': {value}}}" if field == "lengths" else repr(value)
    return scope, f"{scope}.{field}={text}"


@settings(max_examples=25)
@given(edits())
def test_an_edit_reaches_exactly_the_phases_that_depend_on_it(edit):
    scope, binding = edit
    before, after = by_name(trivial.load()), by_name(trivial.load(binding))
    changed = {
        name
        for name in before
        if before[name].identity(None) != after[name].identity(None)
    }
    assert changed == SCOPES[scope]


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits())
def test_an_edited_study_runs_exactly_the_phases_that_depend_on_it(done, edit):
    scope, binding = edit
    found, seen = trivial.load(binding), Recorder()
    where = trivial.place(found, done.out)
    expected = {
        one
        for name, one in by_name(found).items()
        if name in SCOPES[scope] and finished(one, where) is None
    }
    study.run(found, where, seen)
    assert len(seen.phases) == len(expected)
    assert all(finished(one, where) for one in study.phases(found))


@pytest.fixture
def done(tmp_path, monkeypatch) -> Workspace:
    """The tiny study, carried out with phases that take no time."""
    trivial.install(monkeypatch)
    found = trivial.load()
    where = trivial.place(found, tmp_path / "out")
    where.out.mkdir()
    study.run(found, where, Recorder())
    return where


def test_a_comment_or_another_order_of_lines_changes_nothing(tmp_path):
    text = TINY.read_text()
    lines = [f"{line}  # {n}" for n, line in enumerate(text.splitlines())]
    blocks = re.split(r"\n(?=\S+:\n)", "\n".join(lines))
    head, rest = blocks[0], blocks[1:]
    path = tmp_path / "commented.gin"
    path.write_text("\n\n".join(["# Another word.", head, *reversed(rest)]))
    other = configuration.load(path, ())[0]
    assert study.phases(other) == study.phases(trivial.load())
    assert [one.identity(None) for one in study.phases(other)] == [
        one.identity(None) for one in study.phases(trivial.load())
    ]


def test_a_value_that_is_written_out_is_its_default():
    written = trivial.load("AdamW.b1=0.9", "AdamW.decay='linear'")
    assert [one.identity(None) for one in study.phases(written)] == [
        one.identity(None) for one in study.phases(trivial.load())
    ]


@dataclasses.dataclass(frozen=True)
class _AdamW(AdamW):
    """The same as in a version with another default, that nobody binds."""

    epsilon: float = 1e-6


_AdamW.__name__ = "AdamW"


def test_a_changed_default_changes_the_address():
    one = study.phases(trivial.load())[0]
    rate = one.training.optimizer.learning_rate
    now, then = (
        dataclasses.replace(
            one,
            training=dataclasses.replace(
                one.training, optimizer=version(learning_rate=rate)
            ),
        )
        for version in (AdamW, _AdamW)
    )
    assert now.identity(None) == one.identity(None)
    assert then.identity(None) != one.identity(None)


@pytest.mark.parametrize(
    "value", [print, object(), {1, 2}, float("nan"), b"bytes", {1: "a"}]
)
def test_what_cannot_be_hashed_is_refused_by_name(value):
    with pytest.raises(InputError, match=r"target\.training\.warmup"):
        fingerprint.canonical({"training": {"warmup": value}}, "target")

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import trivial
from command import TINY
from trivial import Recorder

from xltransfer import results, study
from xltransfer.errors import InputError
from xltransfer.study import failures

# By hand, of the tiny study: pretraining, Hindi, and the target after nothing,
# after Hindi and without pretraining.
HINDI = (study.Label("Hindi", "nli", 1, "XLMR"),)
KINDS = ["pretrain", "target", "intermediate", "target", "target"]


def fail(kind: str, error: Exception):
    def training(one):
        if one.kind == kind:
            raise error

    return training


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the tiny study with phases that take no time, or fail."""

    def run(training=lambda one: None, retry_failed=False, **options):
        trivial.install(monkeypatch, training, **options)
        found, seen = trivial.load(), Recorder()
        where = trivial.place(found, tmp_path / "out")
        where.out.mkdir(exist_ok=True)
        error = None
        try:
            study.run(found, where, seen, retry_failed)
        except study.PhasesFailed as raised:
            error = raised
        return seen, study.flags(found, where), error, where

    return run


def kinds(flags) -> list[tuple[str, str]]:
    return [(one.kind, one.phase.partition("-")[0]) for one in flags]


def labels(where) -> set[str]:
    with (where.out / "results.csv").open() as file:
        return {line.split(",")[2] for line in file} - {"intermediate"}


def test_a_study_without_failures_has_no_flags(run):
    seen, flags, error, where = run()
    assert [one.split()[1] for one in seen.phases] == KINDS
    assert [one.split()[0] for one in seen.phases][-1] == "5/5"
    # 3 rows, 12 languages.
    assert len(seen.evaluated) == 36
    assert flags == () and error is None
    assert json.loads((where.out / "flags.json").read_text()) == []


def test_dependants_of_a_failed_phase_are_skipped_and_the_rest_goes_on(run):
    seen, flags, error, where = run(fail("intermediate", InputError("no good")))
    # The target after Hindi is not tried.
    assert [one.split()[1] for one in seen.phases] == [*KINDS[:3], KINDS[4]]
    assert kinds(flags) == [("failed", "intermediate"), ("skipped", "target")]
    assert flags[0].reason == "no good"
    assert flags[0].cells == flags[1].cells == HINDI
    assert labels(where) == {"none", "no pretraining"}
    assert "no good" in str(error) and "1 phases that start" in str(error)


def test_a_failed_phase_is_tried_again_when_asked_to_and_only_then(run):
    run(fail("intermediate", InputError("no good")))
    seen, _, error, _ = run()
    assert seen.phases == [] and error is not None
    seen, flags, error, where = run(retry_failed=True)
    assert seen.phases == ["1/2 intermediate", "2/2 target"]
    assert flags == () and error is None
    assert labels(where) == {"none", "Hindi", "no pretraining"}
    assert list(where.out.rglob("failed*")) == []


def test_what_fails_again_is_tried_once_a_run(run):
    run(fail("intermediate", InputError("no good")))
    again = fail("intermediate", InputError("no good either"))
    seen, flags, _, _ = run(again, retry_failed=True)
    assert seen.phases == ["1/2 intermediate"]
    assert flags[0].reason == "no good either"


def test_what_failed_before_without_a_reason_to_is_named_too(run):
    seen, flags, error, where = run(fail("pretrain", ZeroDivisionError("by 0")))
    assert [one.split()[1] for one in seen.phases] == ["pretrain", "target"]
    assert kinds(flags) == [
        ("failed", "pretrain"),
        ("skipped", "target"),
        ("skipped", "intermediate"),
        ("skipped", "target"),
    ]
    assert flags[0].reason == "ZeroDivisionError: by 0"
    folder = where.out / "phases" / flags[0].phase
    # The traceback is in a file, not in the message.
    assert "Traceback" in (folder / "failed.log").read_text()
    assert "Traceback" not in str(error)
    assert labels(where) == {"no pretraining"}


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        # As XLA says it.
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes."),
    ],
)
def test_too_little_memory_is_said_with_what_to_do(run, error):
    _, flags, _, _ = run(fail("target", error))
    assert [one.kind for one in flags] == ["failed"] * 3
    assert flags[0].reason.startswith("Out of memory (")
    assert "Raise Execution.microbatches" in flags[0].reason


def test_the_step_at_which_it_failed_is_kept(run):
    def training(one):
        if one.kind == "intermediate":
            (folder,) = out.glob("phases/intermediate-*")
            lines = '{"step": 1}\n{"step": 4}\n{"st'
            (folder / "metrics.jsonl").write_text(lines)
            raise InputError("the loss is nan")

    out = run()[3].out
    shutil.rmtree(out / "phases")
    run(training)
    (folder,) = out.glob("phases/intermediate-*")
    assert failures.read(folder).step == 4


def test_a_language_that_cannot_be_evaluated_leaves_the_others(
    run, monkeypatch
):
    append = results.append

    def broken(path, records):
        if records[0]["language"] == "sw":
            raise InputError("sw.tsv:7: no label")
        append(path, records)

    monkeypatch.setattr(results, "append", broken)
    seen, flags, error, where = run()
    assert len(seen.evaluated) == 36
    assert kinds(flags) == [("failed", "target")] * 3
    reason = "evaluation on miniature_nli.sw: sw.tsv:7: no label"
    assert flags[0].reason == reason
    assert len((where.out / "results.csv").read_text().splitlines()) == 34
    # Not tried again by itself, but when asked to.
    seen, *_ = run()
    assert seen.evaluated == []
    monkeypatch.setattr(results, "append", append)
    seen, flags, error, _ = run(retry_failed=True)
    assert [one.split()[1] for one in seen.evaluated[:1]] == ["sw"]
    assert len(seen.evaluated) == 3 and flags == () and error is None


def test_ctrl_c_is_no_failure(run):
    with pytest.raises(KeyboardInterrupt):
        run(fail("intermediate", KeyboardInterrupt()))
    seen, flags, error, _ = run()
    assert [one.split()[1] for one in seen.phases] == ["intermediate"] + [
        "target"
    ] * 2
    assert flags == () and error is None


def test_a_phase_at_chance_is_degenerate(run):
    # A constant answer scores 34 ± 1: 36 is within two errors, 36.1 is not.
    def score(one):
        return {"intermediate": 36.0, "target": 36.1}.get(one.kind, 99.0)

    _, flags, error, _ = run(score=score)
    assert kinds(flags) == [("degenerate", "intermediate")]
    assert flags[0].cells == HINDI
    assert "36.0 on the dev set" in flags[0].reason
    assert error is None


def test_what_is_not_there_yet_is_missing(run, tmp_path):
    found = trivial.load()
    where = trivial.place(found, tmp_path / "out")
    flags = study.flags(found, where)
    assert kinds(flags) == [("missing", kind) for kind in KINDS]
    # Everything goes back to the pretraining but one row.
    assert {one.intermediate for one in flags[0].cells} == {"none", "Hindi"}


def test_workers_at_once_do_everything_once(tmp_path, monkeypatch):
    barrier = threading.Barrier(3)

    def training(one):
        # Each worker has one of three in its hands.
        if one.kind == "target":
            barrier.wait(60)

    trivial.install(monkeypatch, training)
    found = trivial.load("Study.seeds=(1, 2, 3)", "Study.controls={}")
    where = trivial.place(found, tmp_path / "out")
    seen = [Recorder() for _ in range(3)]
    monkeypatch.setattr(study.running, "Interruption", _Uninterrupted)
    with ThreadPoolExecutor(3) as pool:
        ended = [pool.submit(study.run, found, where, one) for one in seen]
        for one in ended:
            one.result(120)
    done = [name.split()[1] for one in seen for name in one.phases]
    # 1 + 3 + 2 rows x 3 seeds.
    assert sorted(done) == sorted(
        ["pretrain"] + ["intermediate"] * 3 + ["target"] * 6
    )
    evaluated = [name for one in seen for name in one.evaluated]
    assert len(evaluated) == 6 * 12
    assert study.flags(found, where) == ()
    assert len(study.results(found, where)) == 6 * 12


class _Uninterrupted:
    """Signals reach the main thread alone."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def check(self, where):
        pass


def test_a_failed_study_says_so_and_goes_on_when_it_is_put_right(
    finished, command, tmp_path
):
    out, aside = tmp_path / "copy", tmp_path / "aside"
    shutil.copytree(finished[0], out)
    (parent,) = out.glob("phases/intermediate-*")
    after = [
        path.parent
        for path in out.glob("phases/target-*/phase.json")
        if parent.name.rpartition("-")[2] in path.read_text()
    ]
    shutil.rmtree(after[0])
    (parent / "checkpoints").rename(aside)
    printed, err = command.run("run", TINY, "--out", out, code=1)
    assert "there is no checkpoint" in err and "Traceback" not in err
    assert "--retry-failed" in err
    # The table of the others is printed all the same.
    assert "no pretraining" in printed.split("nli: accuracy")[1]
    aside.rename(parent / "checkpoints")
    command.run("run", TINY, "--out", out, "--retry-failed")
    table = (finished[0] / "results.csv").read_bytes()
    assert (out / "results.csv").read_bytes() == table

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import ROOT, TINY, Command, imported

from xltransfer import cli
from xltransfer.commands import options


@pytest.fixture
def fails(monkeypatch, capsys, tmp_path):
    """Runs a command that must end in one message and exit code 2."""
    monkeypatch.chdir(tmp_path)
    for name in (options.DATA_DIR, options.CACHE_DIR):
        monkeypatch.delenv(name, raising=False)

    def fails(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["xltransfer", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        assert stop.value.code == 2, out + err
        assert "Traceback" not in out + err
        assert list(tmp_path.rglob("*")) == [], "something was written"
        return err

    return fails


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((TINY, "--gin.STEP=9"), "Did you mean 'STEPS'"),
        ((TINY, "--gin.STEPS"), "write --gin.STEPS=VALUE"),
        ((TINY, "--gin.STEPS", "9"), "write --gin.STEPS=VALUE"),
        ((TINY, "--gn.STEPS=9"), "Did you mean '--gin.'"),
        ((TINY, "--steps=9"), "Unknown argument '--steps=9'"),
        ((TINY, "STEPS=9"), "Unknown argument 'STEPS=9'"),
        ((TINY, "--data-dri", "x"), "Did you mean '--data-dir'"),
        ((TINY, "--outt=x"), "Did you mean '--out'"),
        ((TINY.with_name("tyny.gin"),), "Did you mean 'tiny.gin'"),
        ((TINY.parent,), "there is no such study file"),
        ((TINY, "--data-dir", "nowhere"), "nowhere: there is no such folder"),
        ((TINY, "--out", TINY), "tiny.gin is not a folder"),
        ((TINY, "--cache-dir", TINY / "x"), "tiny.gin is not a folder"),
        ((TINY, "--out", "s3://bucket/study"), "s3://bucket: addresses are"),
        ((TINY, "--cache-dir", "s3://bucket"), "s3://bucket: addresses are"),
        ((TINY, "--data-dir", "s3://bucket/x"), "s3://bucket: addresses are"),
        ((TINY, "--processes", 2), "need --coordinator"),
        ((TINY, "--coordinator", "localhost"), "HOST:PORT, or auto"),
        ((TINY, "--coordinator", "localhost:1"), "needs --processes"),
        (
            (
                TINY,
                *["--coordinator", "h:1", "--processes", "2", "--process", "2"],
            ),
            "from 0 to 1",
        ),
        ((TINY, "--gin.STEPS='many'"), "Training.steps is 'many'"),
        (
            (TINY, "--gin.Target.train='miniature_nli.em'"),
            "Did you mean 'miniature_nli.",
        ),
        (
            (TINY, "--gin.Target.evaluation='miniature_nly'"),
            "Did you mean 'miniature_nli'",
        ),
        (
            (TINY, "--gin.Target.dev='miniature_text.mul'"),
            "miniature_text.mul is language_modeling",
        ),
        (
            (TINY, "--gin.Target.evaluation='miniature_text.mul'"),
            "has no split 'test'",
        ),
        ((TINY, "--gin.Target.split='tset'"), "Did you mean 'test'"),
        (
            (TINY, "--gin.target/Training.lengths={'tokens': 33}"),
            "positions for 32",
        ),
        (
            (TINY, "--gin.target/Training.lengths={'token': 32}"),
            "Did you mean 'tokens'",
        ),
        (
            (TINY, "--gin.intermediate/Training.selection='dev'"),
            "needs Training.evaluate_every",
        ),
        ((TINY, "--gin.Partitioning.data=3"), "does not make 8 devices"),
        ((TINY, "--gin.Study.init='hf:nowhere'"), "nowhere"),
        ((TINY, "--gin.Study.init='none'"), "neither 'scratch' nor"),
        (
            (TINY, "--gin.Target.evaluation='xnli'"),
            "pass --data-dir or set XLTRANSFER_DATA_DIR",
        ),
        ((TINY, "--gin.Target.train='snli.en'"), "snli"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_mistake_ends_in_a_message_before_anything_is_written(
    fails, arguments, message
):
    assert message in fails("run", *arguments)


@pytest.mark.parametrize(
    "arguments", [("rum", TINY), ("run",), ("plan",), ("vocab", "trian")]
)
def test_an_unknown_command_or_a_missing_study_is_a_usage_error(
    fails, arguments
):
    assert "Usage" in fails(*arguments)


def test_the_missing_data_directory_is_asked_for(fails):
    err = fails("run", TINY, "--gin.Target.train='snli.en'")
    assert "data" in err and "snli" in err


def test_plan_shows_phases_shared_and_to_do(monkeypatch, capsys, tmp_path):
    arguments = ["plan", str(TINY), "--out", str(tmp_path), "--gin.STEPS=7"]
    monkeypatch.setattr(sys, "argv", ["xltransfer", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out = capsys.readouterr().out
    assert stop.value.code == 0
    # One pretraining for both rows; an intermediate phase; three targets.
    assert "5 phases, 0 done; without sharing it would be 6" in out
    assert "STEPS = 7" in (tmp_path / "config.gin").read_text()
    rows = [line.split()[1:] for line in out.splitlines() if "  " in line]
    # 7 steps of 8 examples; NLI has 2,000 examples, the text 40,000 lines.
    assert [[*row[:5], " ".join(row[5:])] for row in rows[1:6]] == [
        ["miniature_text.mul", "7", "56", "0.0014", "0", "2 to do"],
        ["miniature_nli.en", "7", "56", "0.028", "1", "1 to do"],
        ["miniature_inference.hi", "7", "56", "0.028", "1", "1 to do"],
        ["miniature_nli.en", "7", "56", "0.028", "1", "1 to do"],
        ["miniature_nli.en", "7", "56", "0.028", "1", "1 to do"],
    ]


def test_plan_says_which_languages_are_missing(monkeypatch, capsys, tmp_path):
    for name in ("test-en.tsv", "test-de.tsv", "test.gold.tsv"):
        path = tmp_path / "data" / "xnli" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    arguments = [
        *("plan", TINY, "--gin.Target.evaluation='xnli'"),
        *("--data-dir", tmp_path / "data", "--out", tmp_path),
    ]
    monkeypatch.setattr(sys, "argv", ["xltransfer", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    notes = [
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("note:")
    ]
    assert stop.value.code == 0
    assert len(notes) == 1
    assert "xnli is not evaluated on" in notes[0]
    assert "xnli.sw" in notes[0] and "xnli.de" not in notes[0]


def test_help_imports_nothing_heavy(tmp_path):
    out, err = Command(tmp_path).run("--help")
    assert all(name in out for name in ("run", "plan", "prepare", "vocab"))
    assert imported(err) == set()


def test_a_hidden_tasks_package_is_named(tmp_path):
    # `tasks.py` is the file of a well-known task runner, and would not import.
    (tmp_path / "tasks.py").write_text("import invoke_is_not_installed\n")
    found = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from xltransfer.cli import main; main()",
            *("run", str(TINY), "--out", str(tmp_path / "out")),
        ],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert found.returncode == 2
    assert f"hides xltransfer's: {tmp_path / 'tasks.py'}" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.txt", "--out", "v.model", "--size", 50), "missing.txt"),
        ((TINY, "--out", "v.model", "--size", 5), "smallest possible"),
        ((TINY, "--out", "v.model", "--size", 9999), "largest possible"),
        (
            (TINY, "--out", "v.model", "--size", 50, "--family", "xlm"),
            "Did you mean 'xlmr'",
        ),
        (
            (TINY, "--out", "v.model", "--size", 50, "--model-type", "words"),
            "Did you mean 'word'",
        ),
        ((TINY, "--out", ".", "--size", 50), "a folder"),
        ((TINY, "--out", TINY / "v", "--size", 50), "is not a folder"),
        (
            (TINY, "--out", "v.model", "--size", "big"),
            "Invalid value for '--size'",
        ),
        ((TINY, "--out", "v.model"), "--size"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_vocabulary_that_cannot_be_trained_is_explained(
    fails, arguments, message
):
    assert message in fails("vocab", "train", *arguments)


@pytest.mark.parametrize("family", ["xlmr", "mt5"])
def test_a_trained_vocabulary_has_the_size_and_ids_of_its_family(
    monkeypatch, tmp_path, capsys, family
):
    out = tmp_path / "new" / "v.model"
    arguments = [
        *("vocab", "train", str(TINY), "--out", str(out)),
        *("--size", "500" if family == "mt5" else "120", "--family", family),
    ]
    monkeypatch.setattr(sys, "argv", ["xltransfer", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 0
    assert capsys.readouterr().out.strip() == str(out)
    from tasks.vocabularies import PIECES

    pieces = PIECES[family](out)
    assert pieces.vocab_size == (500 if family == "mt5" else 120)
    # fairseq's and mT5's layouts: <s> 0 <pad> 1 </s> 2; <pad> 0 </s> 1.
    expected = (0, 1) if family == "mt5" else (1, 2)
    assert (pieces.pad_id, pieces.eos_id) == expected
    assert [path.name for path in Path(out).parent.iterdir()] == ["v.model"]

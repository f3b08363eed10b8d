import json
import sys

import pytest
from command import Command, imported

from xltransfer import cli


@pytest.fixture
def folders(tmp_path):
    """A submission for one language, and its labels."""
    for name in ("predictions", "labels"):
        path = tmp_path / name / "xnli" / "test-sw.tsv"
        path.parent.mkdir(parents=True)
        path.write_text("neutral\nneutral\nentailment\n")
    (tmp_path / "predictions/xnli/test-sw.tsv").write_text(
        "neutral\nentailment\nneutral\n"
    )
    return tmp_path


def score(monkeypatch, capsys, *arguments: object) -> tuple[int, str, str]:
    monkeypatch.setattr(
        sys, "argv", ["xltransfer", "score", *map(str, arguments)]
    )
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code, *capsys.readouterr()


def given(folder) -> tuple:
    return folder / "predictions", "--labels", folder / "labels"


def test_scoring_imports_nothing_heavy(folders):
    out, err = Command(folders).run("score", *given(folders))
    assert "33.3" in out
    assert imported(err) == set()


def test_the_table_shows_values_and_what_is_missing(
    folders, monkeypatch, capsys
):
    code, out, err = score(monkeypatch, capsys, *given(folders))
    assert (code, err) == (0, "")
    assert "XNLI" in out and "accuracy" in out and "33.3" in out
    assert "note: xnli has no average" in out
    assert "note: XTREME has no overall score" in out


def test_the_json_file_holds_every_value_unrounded(
    folders, monkeypatch, capsys
):
    path = folders / "scores.json"
    code, _, _ = score(monkeypatch, capsys, *given(folders), "--json", path)
    assert code == 0
    found = json.loads(path.read_text())
    # In the official order: a share, then percent.
    assert found["xnli"] == {"sw": {"accuracy": 1 / 3 * 100}}
    assert found["metric_version"] == 1
    assert "overall" not in found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--benchmark", "glue"), "Invalid value for '--benchmark'"),
        (("--json", "nowhere/scores.json"), "in an existing folder"),
        (("--json", "."), "name a file"),
        (("--benchmark", "xtreme_r", "--labels", "none"), "none: there is no"),
    ],
)
def test_a_mistake_ends_in_a_message_and_code_2(
    folders, monkeypatch, capsys, arguments, message
):
    monkeypatch.chdir(folders)
    code, out, err = score(monkeypatch, capsys, *given(folders), *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in out + err
    assert not (folders / "scores.json").exists()


def test_a_damaged_file_is_refused_and_no_json_is_written(
    folders, monkeypatch, capsys
):
    (folders / "predictions/xnli/test-sw.tsv").write_text("neutral\nno\n")
    path = folders / "scores.json"
    code, out, err = score(monkeypatch, capsys, *given(folders), "--json", path)
    assert (code, out) == (2, "")
    assert "test-sw.tsv:2: unknown label 'no'" in err
    assert not path.exists()


def test_labels_must_be_named(folders, monkeypatch, capsys):
    code, _, err = score(monkeypatch, capsys, folders / "predictions")
    assert code == 2
    assert "--labels" in err

"""A new user's walk: train on real data, evaluate on all of it, score again."""

import json
from pathlib import Path

import pytest

import tasks
from xltransfer.configuration import GIN_ROOT

STUDY = GIN_ROOT / "studies" / "real_all.gin"
# Splits of small official files; the answers of one are withheld.
SMALL = (
    *("copa.en train", "copa.en dev", "arcd.ar train", "squad2_normans.en dev"),
    *(
        "tydiqa.sw test",
        "squad.en dev",
        "text.yo train",
        "panx.yo dev",
        "tatoeba.jv test",
    ),
)
TINY = {
    "VOCAB_SIZE": 1000,
    "TrainedVocabulary.text": "('text.yo',)",
    "XLMRConfig.hidden_size": 16,
    "XLMRConfig.num_layers": 1,
    "XLMRConfig.num_heads": 2,
    "XLMRConfig.mlp_size": 32,
    "Study.pretrain": None,
    "Target.train": "'copa.en * 1 + arcd.ar * 1'",
    "Target.dev": "'copa.en'",
    "Target.evaluation": "'tatoeba.jv'",
    "target/Training.steps": 4,
    "target/Training.batch_size": 8,
    "target/Training.lengths": "{'tokens': 64, 'question': 16, 'stride': 24}",
}


def walk(run, study: Path, data: Path, out: Path, overrides: dict) -> dict:
    """Trains, evaluates everything, scores it; returns both JSON files."""
    common = "--data-dir", data, "--cache-dir", out / "cache"
    bindings = [f"--gin.{name}={value}" for name, value in overrides.items()]
    run("run", study, "--out", out / "study", *common, *bindings)
    (phase,) = (out / "study" / "phases").glob("target-*")
    found = {"phase": phase}
    found["printed"] = run(
        *("evaluate", "--checkpoint", phase, "--mixture", "present"),
        *("--split", "test,dev", "--out", out / "evaluated", *common),
        *("--json", out / "evaluated.json"),
    )
    run(
        *("score", out / "evaluated" / "predictions"),
        *("--labels", out / "evaluated" / "labels", "--split", "test,dev"),
        *("--json", out / "scored.json"),
    )
    for name in ("evaluated", "scored"):
        found[name] = json.loads((out / f"{name}.json").read_text())
    return found


def check_same(found: dict) -> None:
    """Every number is the same, unrounded; families need the model."""
    ours, theirs = found["evaluated"], found["scored"]
    said = {"notes", "languages"}
    assert {k: v for k, v in ours.items() if k not in said} == {
        k: v for k, v in theirs.items() if k not in said
    }


def linked(names: tuple[str, ...], data_dir: Path, folder: Path) -> Path:
    """Returns a data directory of the files of some splits."""
    for one in names:
        name, split = one.split()
        source = tasks.dataset(name).split(split).source
        for file in source.files(data_dir):
            link = folder / file.relative_to(data_dir)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    return folder


def evaluated(found: dict) -> set[str]:
    """Names of the datasets that have numbers."""
    pairs = {
        f"{task}.{code}"
        for task, tables in found["scored"].items()
        if isinstance(tables, dict)
        for code in tables
    }
    return pairs & tasks.datasets().keys()


def test_what_is_there_is_evaluated_and_scored_again(run, data_dir, tmp_path):
    data = linked(SMALL, data_dir, tmp_path / "data")
    found = walk(run, STUDY, data, tmp_path, TINY)
    check_same(found)
    assert evaluated(found) == {
        *("copa.en", "squad2_normans.en", "squad_excerpt.en", "tatoeba.jv")
    }
    notes = "\n".join(found["evaluated"]["notes"])
    assert "or are not the whole ones: squad (en), tydiqa (sw)" in notes
    assert (
        "want of a head for tagging (there is multiple_choice, span): panx (yo)"
        in notes
    )
    assert (
        "of the split 'dev', and in no average: copa (en), squad_excerpt (en), squad2_normans (en)"
        in notes
    )
    assert found["scored"]["splits"] == {
        "copa": {"en": "dev"},
        "squad_excerpt": {"en": "dev"},
        "squad2_normans": {"en": "dev"},
    }


@pytest.mark.slow
def test_all_that_is_on_disk_is_evaluated_and_scored_again(
    run, data_dir, tmp_path
):
    found = walk(run, STUDY, data_dir, tmp_path, {})
    check_same(found)
    # Inference, choices, spans, tags, sentences sought and candidates ranked.
    names = evaluated(found)
    assert names >= {
        *("xnli.sw", "xcopa.qu", "xquad.ru", "mlqa.zh", "udpos.hi", "panx.jv"),
        *("tatoeba.fi", "lareqa.vi", "multichecklist.th"),
    }
    # None but what has no head, no labels, or nothing to be evaluated on.
    named = "\n".join(n for n in found["evaluated"]["notes"] if "left out" in n)
    for row in tasks.datasets().values():
        splits = [x for x in row.splits if x.name in ("test", "dev")]
        sources = [one.source for one in splits]
        is_there = any(
            x.files(data_dir) and not x.missing(data_dir) for x in sources
        )
        family = row.name.rpartition(".")[0]
        assert not is_there or row.name in names or f"{family} (" in named

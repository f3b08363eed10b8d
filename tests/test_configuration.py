from pathlib import Path

import pytest
from command import TINY

from xltransfer import configuration
from xltransfer.errors import InputError


def load(*overrides: str, path: Path = TINY):
    return configuration.load(path, overrides)[0]


@pytest.fixture
def write(tmp_path):
    """Writes a study that includes the tiny one and says something more."""

    def write(text: str) -> Path:
        path = tmp_path / "study.gin"
        path.write_text(f"include '{TINY}'\n{text}\n")
        return path

    return write


def test_a_macro_is_overridden():
    study = load("STEPS=9")
    assert study.pretrain.training.steps == study.intermediate.steps == 9


def test_a_parameter_is_overridden_in_its_scope_only():
    study = load("target/Training.steps=9")
    assert study.targets["nli"].training.steps == 9
    assert study.intermediate.steps == 6


@pytest.mark.parametrize(
    "name", ["AdamW.warmup", "optimizer.AdamW.warmup"], ids=["short", "long"]
)
def test_a_parameter_without_a_scope_is_overridden(name):
    # It is bound nowhere in the file: an override may add it.
    assert load(f"{name}=0.5").intermediate.optimizer.warmup == 0.5


def test_the_last_of_two_overrides_counts():
    assert load("STEPS=9", "STEPS=4").intermediate.steps == 4


def test_whole_parts_can_be_left_out_by_an_override():
    study = load("Study.pretrain=None", "Study.controls={}")
    assert study.pretrain is None and study.controls == {}


def test_a_second_study_remembers_nothing_of_the_first():
    load("STEPS=9")
    assert load().intermediate.steps == 6


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("STEP=9", "--gin.STEP: no such macro. Did you mean 'STEPS'"),
        ("steps=9", "no such macro. Did you mean 'STEPS'|no such macro"),
        (
            "taget/Training.steps=9",
            "no such scope 'taget'. Did you mean 'target'",
        ),
        (
            "target/Training.step=9",
            "no such parameter. Did you mean 'Training.steps'",
        ),
        (
            "target/Trainin.steps=9",
            "no such parameter. Did you mean 'Training.steps'",
        ),
        ("Study.seed=(1,)", "no such parameter. Did you mean 'Study.seeds'"),
        ("Studi.seeds=(1,)", "no such parameter. Did you mean 'Study.seeds'"),
        ("studi.Study.seeds=(1,)", "studi.Study"),
        # Every Training is built in a scope that binds steps.
        (
            "Training.steps=9",
            "does not use it. Is one of these meant: "
            "--gin.intermediate/Training.steps, --gin.pretrain/Training.steps, "
            "--gin.target/Training.steps",
        ),
        # The scope is there, but no Study is built in it.
        ("target/Study.seeds=(1,)", "does not use it"),
        ("target/Training.steps=many", "Text is written in quotes"),
        (
            "target/Training.steps='many'",
            "Training.steps is 'many', but must be int",
        ),
        (
            "target/Training.steps=%STEP",
            "'STEP/gin.macro'. Did you mean 'STEPS'",
        ),
        ("Study.seeds=(1,", "line 2: is a bracket or quote left open"),
        ("Study.seeds=1", "Study.seeds is 1, but must be tuple"),
        ("Study.seeds=[1, 2]", r"Study.seeds is [1, 2], but must be tuple"),
        ("Study.seeds=('1',)", "Study.seeds is ('1',), but must be tuple"),
        ("Study.seeds=(1, 1)", "none twice"),
        ("Study.seeds=()", "at least one"),
        ("Study.seeds=(-1,)", "none below 0"),
        ("Study.targets={}", "Study.targets is empty"),
        ("Study.name='a/b'", "no folder's name"),
        ("Study.intermediates={'a': 'miniature_nli.hi'}", "direct transfer"),
        ("Study.intermediates={'no pretraining': None}", "both"),
        ("Study.model=@AdamW()", "Study.model is AdamW(…), but must be"),
        ("TrainedVocabulary.text=['a']", "vocabulary.text is ['a']"),
        ("XLMRConfig.num_heads=3", "num_heads 3"),
        ("Execution.microbatches=0", "Execution.microbatches is 0"),
        ("AdamW.learning_rate='fast'", "learning_rate is 'fast'"),
    ],
)
def test_a_wrong_override_is_named_with_what_could_be_meant(override, message):
    with pytest.raises(InputError) as caught:
        load(override)
    assert any(one in str(caught.value) for one in message.split("|"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study.Study.seeds = (1,", "line 3: is a bracket"),
        ("study.Study.seeds", "line 2"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("include 'models/xlmr_giant.gin'", "models/xlmr_giant.gin"),
        ("STEPS = %gin.REQUIRED", "STEPS"),
    ],
    ids=["unclosed", "no value", "import", "include", "required"],
)
def test_a_broken_file_is_named(write, text, message):
    with pytest.raises(InputError) as caught:
        load(path=write(text))
    assert message in str(caught.value) and "study.gin" in str(caught.value)


def test_a_control_beside_no_target_is_refused(write):
    path = write(
        "from __gin__ import dynamic_registration\n"
        "from xltransfer import study\n"
        "study.Control.target = {'nil': @study.Target()}"
    )
    with pytest.raises(InputError, match=r"'nil'.*Did you mean 'nli'"):
        load(path=path)


def test_an_unknown_parameter_in_a_file_is_named_with_the_nearest(write):
    path = write(
        "from __gin__ import dynamic_registration\n"
        "from xltransfer import study\n"
        "study.Study.seads = (1,)"
    )
    with pytest.raises(InputError, match=r"line 4.*Did you mean 'seeds'"):
        load(path=path)


def test_an_unknown_study_file_is_named_with_the_nearest():
    with pytest.raises(InputError, match=r"tiny2\.gin.*Did you mean 'tiny.gin"):
        load(path=TINY.with_name("tiny2.gin"))


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "study.gin"
    path.write_bytes(b"STEPS = '\xff\xfe'\n")
    with pytest.raises(InputError, match=r"study\.gin"):
        load(path=path)


def test_an_empty_study_file_is_refused(tmp_path):
    path = tmp_path / "study.gin"
    path.write_text("")
    with pytest.raises(InputError, match=r"study\.gin.*Study"):
        load(path=path)


def test_what_is_written_as_config_gin_gives_the_same_study(tmp_path):
    overrides = ["STEPS=9", "Study.seeds=(3, 5)", "AdamW.warmup=0.5"]
    study, text = configuration.load(TINY, overrides)
    written = tmp_path / "config.gin"
    written.write_text(text)
    assert load(path=written) == study
    assert study.seeds == (3, 5)


FILES = sorted((configuration.GIN_ROOT / "studies").glob("*.gin"))
TEXTS = "".join(path.read_text() for path in FILES)
# A file that another study includes is a part of studies.
STUDIES = [path for path in FILES if f"studies/{path.name}'" not in TEXTS]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_studies_that_ship_are_whole(path):
    assert load(path=path).name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_study_takes_at_most_40_lines(path):
    assert len(path.read_text().splitlines()) <= 40


@pytest.mark.parametrize("name", ["data", "fsdp", "fsdp_tensor"])
def test_a_sharding_is_a_gin_file(write, name):
    partitioning = load(path=write(f"include 'sharding/{name}.gin'"))
    assert partitioning.partitioning.mesh.size == 8

import dataclasses
from pathlib import Path

import pytest

import tasks
from tasks.row import Dataset, Split
from tasks.sources import PlainText
from tasks.vocabularies import TrainedVocabulary
from xltransfer import configuration, study
from xltransfer.components import Component
from xltransfer.errors import InputError
from xltransfer.models.mt5 import MT5Config
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.optimizer import Adafactor, AdamW
from xltransfer.specification import Phase, Training

ENGLISH = tasks.dataset("miniature_nli.en")
HINDI = tasks.dataset("miniature_nli.hi")
TEXT = tasks.dataset("miniature_text.mul")
MODEL = XLMRConfig(60, 8, 1, 2, 16, max_positions=34)
VOCABULARY = TrainedVocabulary("xlmr", 60, ("miniature_text.mul",))
TRAINING = Training(
    steps=10,
    batch_size=4,
    lengths={"tokens": 32},
    optimizer=AdamW(1e-3),
    evaluate_every=5,
    selection="english_dev",
)
PHASE = Phase(
    kind="target",
    model=MODEL,
    vocabulary=VOCABULARY,
    components=(Component(ENGLISH, "train"),),
    validation=(Component(ENGLISH, "dev"),),
    training=TRAINING,
    seed=1,
)
# Another valid value for every field: a new field must be added here too.
OTHER_MODELS = {
    "vocab_size": 61,
    "hidden_size": 10,
    "num_layers": 2,
    "num_heads": 4,
    "mlp_size": 17,
    "max_positions": 35,
    "dropout_rate": 0.2,
    "attention_dropout_rate": 0.2,
    "layer_norm_epsilon": 1e-6,
    "pad_id": 0,
    "initializer_range": 0.03,
    "pooling": "compared_sentences",
    "norm": "pre",
    "dtype": "bfloat16",
}
OTHER_TRAININGS = {
    "steps": 11,
    "batch_size": 5,
    "lengths": {"tokens": 31},
    "optimizer": Adafactor(),
    "row_lengths": {"tokens": 33},
    "evaluate_every": 4,
    "patience": 2,
    "selection": "last",
    "dropout_rate": 0.3,
    "trimmed_softmax": True,
}
OTHER_OPTIMIZERS = {
    "learning_rate": 2e-3,
    "warmup": 0.2,
    "decay": "constant",
    "b1": 0.8,
    "b2": 0.99,
    "epsilon": 1e-6,
    "weight_decay": 0.1,
    "clip": None,
    "frozen": ("encoder",),
}
OTHER_PHASES = {
    "kind": "intermediate",
    "model": MT5Config,
    "vocabulary": dataclasses.replace(VOCABULARY, size=61),
    "components": (Component(HINDI, "train"),),
    "validation": (Component(HINDI, "dev"),),
    "training": TRAINING,
    "seed": 2,
    "parent": PHASE,
    "init": "hf",
    "candidates": (PHASE,),
}


def variants(value: object, others: dict, without: str = "") -> dict:
    names = {one.name for one in dataclasses.fields(value)}
    assert set(others) == names - {without}
    return {
        name: dataclasses.replace(value, **{name: other})
        for name, other in others.items()
    }


def test_every_hyperparameter_changes_the_identity_and_no_two_alike():
    models = variants(MODEL, OTHER_MODELS).values()
    # Epochs are counted before there is a phase.
    trainings = variants(TRAINING, OTHER_TRAININGS, "epochs").values()
    optimizers = variants(AdamW(1e-3), OTHER_OPTIMIZERS).values()
    phases = [
        PHASE,
        *(dataclasses.replace(PHASE, model=one) for one in models),
        *(dataclasses.replace(PHASE, training=one) for one in trainings),
        *(
            dataclasses.replace(
                PHASE, training=dataclasses.replace(TRAINING, optimizer=one)
            )
            for one in optimizers
        ),
    ]
    identities = [one.identity(None) for one in phases]
    assert len(set(identities)) == len(identities) == 1 + 14 + 10 + 9


def test_data_vocabulary_seed_kind_and_parent_change_the_identity():
    own = {"model", "training", "init"}
    assert set(OTHER_PHASES) == {one.name for one in dataclasses.fields(Phase)}
    changed = [
        dataclasses.replace(PHASE, **{name: other})
        for name, other in OTHER_PHASES.items()
        if name not in own
    ]
    identities = {one.identity(None) for one in (PHASE, *changed)}
    assert len(identities) == 1 + 7


def test_the_change_of_a_parent_changes_the_child():
    parent = dataclasses.replace(PHASE, seed=7)
    child = dataclasses.replace(PHASE, parent=PHASE)
    other = dataclasses.replace(PHASE, parent=parent)
    assert child.identity(None) != other.identity(None)


def test_version_split_rate_and_order_of_datasets_change_the_identity():
    newer = dataclasses.replace(ENGLISH, version=ENGLISH.version + 1)
    components = [
        (Component(ENGLISH, "train"),),
        (Component(newer, "train"),),
        (Component(ENGLISH, "dev"),),
        (Component(ENGLISH, "train"), Component(HINDI, "train")),
        (Component(ENGLISH, "train"), Component(HINDI, "train", 2.0)),
        (Component(HINDI, "train"), Component(ENGLISH, "train")),
    ]
    identities = {
        dataclasses.replace(PHASE, components=one).identity(None)
        for one in components
    }
    assert len(identities) == len(components)


def test_bytes_of_the_data_change_the_identity_and_their_place_does_not(
    tmp_path,
):
    text = Dataset(
        "notes.en",
        "language_modeling",
        "en",
        (Split("train", PlainText(("notes.txt",))),),
        metrics=(),
    )
    phase = dataclasses.replace(
        PHASE,
        kind="pretrain",
        components=(Component(text, "train"),),
        validation=(),
        training=dataclasses.replace(TRAINING, selection="last"),
    )
    identities = []
    for name, content in (("a", "one\n"), ("b", "one\n"), ("c", "two\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text(content)
        identities.append(phase.identity(tmp_path / name))
    assert identities[0] == identities[1] != identities[2]


def test_the_order_in_which_lengths_are_written_does_not_matter():
    model = MT5Config(
        vocab_size=400,
        emb_dim=8,
        num_heads=2,
        num_encoder_layers=1,
        num_decoder_layers=1,
        head_dim=4,
        mlp_dim=16,
    )
    found = [
        dataclasses.replace(
            PHASE,
            model=model,
            training=dataclasses.replace(TRAINING, lengths=lengths),
        )
        for lengths in (
            {"inputs": 24, "targets": 8},
            {"targets": 8, "inputs": 24},
        )
    ]
    assert found[0] == found[1]
    assert found[0].identity(None) == found[1].identity(None)
    # The caches' order of sequences, alphabetic.
    assert found[1].reading.columns == (24, 8)


TINY = Path(__file__).parent / "studies" / "tiny.gin"


def identities(*overrides: str) -> set[str]:
    found, _ = configuration.load(TINY, overrides)
    return {one.identity(None) for one in study.phases(found)}


@pytest.mark.parametrize(
    "override",
    [
        "Execution.microbatches=2",
        "Execution.checkpoint_every=7",
        "Execution.log_every=3",
        "Execution.prefetch=1",
        "Execution.packed=False",
        "Partitioning.fsdp=4",
        "Partitioning.tensor=2",
        "Partitioning.rules=(('embed', 'fsdp'),)",
        "Study.name='other'",
        "Target.evaluation='miniature_nli.en'",
        "Target.split='dev'",
    ],
)
def test_how_a_phase_is_carried_out_is_not_in_its_identity(override):
    assert identities(override) == identities()


def test_the_identity_is_the_hash_of_what_phase_json_records():
    # Also that nothing of this machine or this place is in it.
    text = repr(PHASE.configuration(None))
    assert str(Path.home()) not in text and str(Path.cwd()) not in text
    assert PHASE.identity(Path("here")) == PHASE.identity(Path("there"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": -1}, r"Training\.steps is -1; the least is 0"),
        ({"steps": 0}, r"Training\.steps is 0 and Training\.epochs is unb"),
        ({"epochs": -1}, r"Training\.epochs is -1; more than 0"),
        ({"steps": "many"}, r"Training\.steps is 'many', but must be int"),
        ({"steps": True}, r"Training\.steps is True, but must be int"),
        ({"steps": 1.5}, r"Training\.steps is 1\.5, but must be int"),
        ({"batch_size": -1}, r"Training\.batch_size is -1"),
        ({"lengths": 64}, r"Training\.lengths is 64"),
        ({"lengths": {"tokens": 0}}, r"Training\.lengths\['tokens'\] is 0"),
        ({"optimizer": AdamW}, r"Training\.optimizer"),
        ({"selection": "best"}, r"Training\.selection is 'best'; one of"),
        ({"evaluate_every": 0}, r"needs Training\.evaluate_every > 0"),
        (
            {"row_lengths": {"tokens": 31}},
            r"row_lengths\['tokens'\] is 31: an example of 32 tokens",
        ),
        ({"row_lengths": {"token": 64}}, r"'token'.*Did you mean 'tokens'"),
    ],
)
def test_a_training_that_cannot_be_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(TRAINING, **change)


def test_a_length_for_a_sequence_that_the_model_does_not_read_is_refused():
    for lengths, message in (
        ({"token": 32}, r"XLMRConfig reads tokens\. Did you mean 'tokens'"),
        ({"inputs": 32, "targets": 8}, "XLMRConfig reads tokens"),
        ({}, "needs them for"),
    ):
        training = dataclasses.replace(TRAINING, lengths=lengths)
        with pytest.raises(InputError, match=message):
            dataclasses.replace(PHASE, training=training)


def test_examples_longer_than_the_positions_are_refused():
    # 34 rows of positions, of which pad_id + 1 = 2 serve no token.
    training = dataclasses.replace(TRAINING, lengths={"tokens": 33})
    with pytest.raises(InputError, match=r"positions for 32.*by 1"):
        dataclasses.replace(PHASE, training=training)


def test_components_of_one_kind_come_in_the_same_batches():
    two_way = dataclasses.replace(HINDI, labels=("yes", "no"))
    parts = tuple(
        Component(row, "train", rate)
        for row, rate in (
            (ENGLISH, 2.0),
            (TEXT, 1.0),
            (two_way, 1.0),
            (HINDI, 0.5),
        )
    )
    one = dataclasses.replace(PHASE, components=parts)
    # By hand: English and Hindi share their labels, hence a head.
    assert [
        (group.name, [part.dataset.name for part in group.components])
        for group in one.groups
    ] == [
        ("classification", [ENGLISH.name, HINDI.name]),
        ("language_modeling", [TEXT.name]),
        ("classification_of_2", [two_way.name]),
    ]
    assert [group.rate for group in one.groups] == [2.5, 1.0, 1.0]
    assert one.group_of(Component(two_way, "dev")) == "classification_of_2"
    assert (one.problem, one.labels) == ("multitask", ())
    assert one.masked_lm_head == ("heads", "language_modeling", "head")


def test_other_labels_are_refused():
    swapped = dataclasses.replace(HINDI, labels=HINDI.labels[::-1])
    for change in (
        {
            "components": (
                Component(ENGLISH, "train"),
                Component(swapped, "train"),
            )
        },
        {"validation": (Component(swapped, "dev"),)},
    ):
        with pytest.raises(InputError, match="labels"):
            dataclasses.replace(PHASE, **change)


def test_a_selection_without_dev_data_is_refused():
    with pytest.raises(InputError, match=r"no dev data.*'english_dev'"):
        dataclasses.replace(PHASE, validation=())


def test_dev_data_without_a_metric_are_refused():
    with pytest.raises(InputError, match="language_modeling"):
        dataclasses.replace(PHASE, validation=(Component(TEXT, "dev"),))
    text = (Component(TEXT, "train"),)
    with pytest.raises(InputError, match="no metric"):
        dataclasses.replace(PHASE, components=text, validation=text)


def test_an_unknown_start_is_refused():
    with pytest.raises(InputError, match="neither 'scratch' nor 'hf:"):
        dataclasses.replace(PHASE, init="huggingface").identity(None)


def test_a_phase_may_have_a_dropout_of_its_own():
    other = dataclasses.replace(TRAINING, dropout_rate=0.3)
    assert TRAINING.apply_dropout(MODEL) == MODEL
    found = other.apply_dropout(MODEL)
    assert found == dataclasses.replace(
        MODEL, dropout_rate=0.3, attention_dropout_rate=0.3
    )


def test_questions_and_strides_are_cut_before_rows_are_packed():
    lengths = {"tokens": 32, "stride": 8, "question": 6}
    training = dataclasses.replace(
        TRAINING, lengths=lengths, selection="last", evaluate_every=0
    )
    found = dataclasses.replace(
        PHASE,
        components=(Component(tasks.dataset("squad.en"), "train"),),
        validation=(),
        training=training,
    )
    assert found.reading.columns == (32,)
    # They go where the windows are made.
    assert dict(found.request(found.components[0]).lengths) == lengths
    with pytest.raises(InputError, match="a length for 'question'"):
        dataclasses.replace(PHASE, training=training)

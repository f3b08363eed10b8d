"""Any study at the size of the miniature world: what runs, seen in minutes.

Models become tiny ones that are pretrained for a moment; each dataset becomes
the miniature's of the same problem, in the same language where there is one;
updates are few. Rows, tables, labels and rules stay. The numbers mean nothing.
"""

import dataclasses
import zlib
from collections.abc import Mapping

import tasks
from tasks import mixing, sampled
from tasks.row import Dataset
from tasks.vocabularies import TrainedVocabulary
from xltransfer.models.xlmr import XLMRConfig
from xltransfer.optimizer import Adafactor, AdamW
from xltransfer.specification import Training
from xltransfer.study.changes import Changes
from xltransfer.study.declaration import Study, Target
from xltransfer.study.methods import Method
from xltransfer.study.models import (
    Intermediate,
    Model,
    Pretraining,
    Trainings,
    chain,
)
from xltransfer.study.sweeps import Sweep

TEXT = "miniature_all_text"
STEPS, PRETRAINING_STEPS, BATCH = 8, 40, 16
# A tiny model's, so that so few updates do something.
RATE = 3e-3
# Of the training examples, where a study compares at equal size.
EXAMPLES = 500
# English, a language that is near and one that is far.
EVALUATED = ("en", "de", "sw")
LANGUAGES = ("de", "el", "es", "fa", "fr", "hi", "id", "ru", "sw", "tr", "vi")
# By the sequence that tells a family's lengths apart.
LENGTHS = {
    "tokens": {"tokens": 80},
    "inputs": {"inputs": 120, "targets": 56},
}
ENCODER = {
    "hidden_size": 32,
    "num_layers": 2,
    "num_heads": 2,
    "mlp_size": 64,
    "max_positions": 82,
}
TEXT_TO_TEXT = {
    "emb_dim": 32,
    "num_heads": 2,
    "num_encoder_layers": 2,
    "num_decoder_layers": 2,
    "head_dim": 16,
    "mlp_dim": 64,
}
# Settings that are as they are in the miniature, whatever the study says.
_OWN = (
    *("steps", "epochs", "batch_size", "lengths", "row_lengths"),
    *("evaluate_every", "patience"),
)


def in_miniature(study: Study) -> Study:
    """Returns the same study of tiny models on the miniature's data."""
    return dataclasses.replace(
        study,
        models={name: _model(one) for name, one in study.variants.items()},
        model=None,
        vocabulary=None,
        pretrain=None,
        init="scratch",
        intermediate=_trainings(study.intermediate),
        target=_trainings(study.target),
        methods={name: _method(one) for name, one in study.methods.items()},
        intermediates={
            label: tuple(map(_intermediate, chain(row))) or None
            for label, row in study.intermediates.items()
        },
        targets=_targets(study.targets),
        controls={
            label: dataclasses.replace(
                one, target=one.target and _targets(one.target)
            )
            for label, one in study.controls.items()
        },
        sweeps={
            kind: mini
            for kind, one in study.sweeps.items()
            if (mini := _sweep(one)) is not None
        },
        matched_examples=min(study.matched_examples, EXAMPLES),
        seeds=study.seeds[:1],
        execution=dataclasses.replace(study.execution, programs=2, log_every=1),
    )


def _model(model: Model) -> Model:
    is_encoder = isinstance(model.config, XLMRConfig)
    size = 717 if is_encoder else 1300
    shape = ENCODER if is_encoder else TEXT_TO_TEXT
    return Model(
        config=dataclasses.replace(
            model.config, vocab_size=size, dtype="float32", **shape
        ),
        vocabulary=TrainedVocabulary(
            family="xlmr" if is_encoder else "mt5",
            size=size,
            text=(TEXT,) if is_encoder else (TEXT, "miniature_wording.mul"),
            model_type="word" if is_encoder else "unigram",
            # Every letter counts where words are pieces.
            character_coverage=1.0,
            lines=2000,
        ),
        pretrain=Pretraining(TEXT, _pretraining(is_encoder)),
        intermediate=_trainings(model.intermediate),
        target=_trainings(model.target),
    )


def _pretraining(is_encoder: bool) -> Training:
    return Training(
        steps=PRETRAINING_STEPS,
        batch_size=BATCH,
        lengths=LENGTHS["tokens" if is_encoder else "inputs"],
        optimizer=AdamW(5e-3) if is_encoder else Adafactor(1e-2),
    )


def _trainings(trainings: Trainings | None) -> Trainings | None:
    if trainings is None or isinstance(trainings, Training):
        return trainings and _training(trainings)
    return {problem: _training(one) for problem, one in trainings.items()}


def _training(training: Training) -> Training:
    family = next(name for name in LENGTHS if name in dict(training.lengths))
    optimizer = training.optimizer
    if isinstance(optimizer, AdamW):
        optimizer = dataclasses.replace(optimizer, learning_rate=RATE)
    return dataclasses.replace(
        training,
        optimizer=optimizer,
        steps=STEPS,
        epochs=None,
        batch_size=BATCH,
        lengths=LENGTHS[family],
        row_lengths=None,
        evaluate_every=STEPS if training.evaluate_every else 0,
        patience=0,
    )


def _method(method: Method) -> Method:
    return dataclasses.replace(
        method,
        intermediate=_changes(method.intermediate),
        target=_changes(method.target),
        text=method.text and TEXT,
    )


def _intermediate(step: Intermediate) -> Intermediate:
    return Intermediate(
        data=_data(step.data, _INTERMEDIATE),
        dev=step.dev and _data(step.dev, _INTERMEDIATE),
        training=_trainings(step.training),
        changes=_changes(step.changes),
        sweep=step.sweep and _sweep(step.sweep),
    )


def _targets(targets: Mapping[str, Target]) -> dict[str, Target]:
    return {label: _target(one) for label, one in targets.items()}


def _target(target: Target) -> Target:
    train, dev = (
        tuple(name and _data(name, _TARGET) for name in names)
        for names in zip(*target.steps, strict=True)
    )
    return dataclasses.replace(
        target,
        train=train,
        dev=dev if any(dev) else None,
        evaluation=_evaluation(target.evaluation),
        training=_trainings(target.training),
        changes=_changes(target.changes),
        sweep=target.sweep and _sweep(target.sweep),
    )


def _changes(changes: Changes) -> Changes:
    """Returns those that do not say how long, or at what size, it trains."""
    return {
        name: 0 if name == "evaluate_every" and not value else value
        for name, value in changes.items()
        if name.split(".")[0] not in _OWN
        or (name == "evaluate_every" and not value)
    }


def _sweep(sweep: Sweep) -> Sweep | None:
    values = _changes(sweep.values)
    return dataclasses.replace(sweep, values=values) if values else None


def _evaluation(name: str) -> str:
    """Returns a mixture of few languages: English, where there is it, and two."""
    rows = [tasks.dataset(one) for one, _ in tasks.mixture(name).components]
    families = dict.fromkeys(_family(row, _EVALUATED) for row in rows)
    known = tasks.datasets()
    names = [
        f"{family}.{code}"
        for family in families
        for code in EVALUATED
        if f"{family}.{code}" in known
    ]
    return " + ".join(f"{one} * 1" for one in names)


def _data(name: str, families: Mapping[str, str]) -> str:
    """Returns the miniature's datasets in the place of a mixture's.

    At the same rates; of those that become one, the sum.
    """
    rates: dict[str, float] = {}
    limit = False
    for part, rate in tasks.mixture(name).components:
        base, count = sampled.parted(part)
        row = tasks.dataset(base)
        mini = f"{_family(row, families)}.{_language(row)}"
        rates[mini] = rates.get(mini, 0.0) + rate
        limit = limit or count is not None
    text = next(iter(rates))
    if len(rates) > 1:
        text = " + ".join(f"{one} * {rate:.10g}" for one, rate in rates.items())
    return mixing.cut(text, EXAMPLES) if limit else text


def _family(row: Dataset, families: Mapping[str, str]) -> str:
    own = row.name.split(".")[0]
    if own.startswith("miniature_"):
        return own
    is_named = row.problem == "tagging" and row.metrics[:1] == ("panx",)
    return "miniature_ner" if is_named else families[row.problem]


def _language(row: Dataset) -> str:
    """Returns its language, or always the same one in its place."""
    if row.problem == "language_modeling":
        return "mul"
    if row.language in ("en", *LANGUAGES):
        return row.language
    return LANGUAGES[zlib.crc32(row.language.encode()) % len(LANGUAGES)]


_INTERMEDIATE = {
    "classification": "miniature_inference",
    "multiple_choice": "miniature_choice",
    "span": "miniature_qa",
    "tagging": "miniature_pos",
    "language_modeling": "miniature_text",
    # Nothing is trained on pairs of sentences here.
    "retrieval": "miniature_inference",
}
_TARGET = _INTERMEDIATE | {"classification": "miniature_nli"}
_EVALUATED = _TARGET | {"retrieval": "miniature_bitext"}

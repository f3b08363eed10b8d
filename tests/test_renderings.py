"""Which features and objective a problem gets, and what does not fit."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import small_models
from flax.traverse_util import flatten_dict
from small_caches import ANSWERS, MASK, SPECIAL, TEXT_VOCABULARY, VOCABULARY

from xltransfer import renderings
from xltransfer.data import features
from xltransfer.errors import InputError
from xltransfer.pretrained import architectures, huggingface
from xltransfer.renderings import Facts

XLMR, MT5 = small_models.XLMR, small_models.MT5_CONFIG
XLMR_PIECES = SimpleNamespace(
    vocab_size=VOCABULARY, mask_id=MASK, special_ids=SPECIAL
)
MT5_PIECES = SimpleNamespace(vocab_size=TEXT_VOCABULARY, eos_id=1)


def test_the_family_names_the_rendering():
    assert renderings.name(XLMR) == "encoder"
    assert renderings.name(MT5) == "text"


@pytest.mark.parametrize("problem", renderings.ENCODER)
def test_what_a_problem_trains_has_a_name_at_hugging_face(problem):
    """Else its phases neither start from published weights nor leave."""
    facts = Facts(problem, XLMR_PIECES, labels=3)
    model = renderings.rendering(XLMR, facts).objective.model
    row = architectures.of_model(model)
    assert architectures.of_problem(Path("phase.json"), XLMR, problem) is row
    params = huggingface.abstract_params(model)
    names = flatten_dict(params, sep="/").keys()
    assert row.names(XLMR).keys() == names


def test_each_family_classifies_in_its_own_way():
    encoder = renderings.rendering(
        XLMR, Facts("classification", XLMR_PIECES, 3)
    )
    assert encoder.objective == small_models.CLASSIFIER
    assert encoder.training == encoder.evaluation
    assert encoder.training == features.EncoderClassification(pad_id=1)
    text = renderings.rendering(
        MT5, Facts("classification", MT5_PIECES, 3, ANSWERS)
    )
    assert text.objective == small_models.TEXT_TO_TEXT
    assert text.training == features.TextToText()
    # Trained by its target, evaluated by rank among the labels' texts.
    assert text.evaluation == features.RankedAnswers(ANSWERS)


def test_each_family_corrupts_text_in_its_own_way():
    encoder = renderings.rendering(
        XLMR, Facts("language_modeling", XLMR_PIECES)
    )
    assert encoder.objective == small_models.MASKED_LM
    assert encoder.training == small_models.MASKED
    text = renderings.rendering(MT5, Facts("language_modeling", MT5_PIECES))
    assert text.objective == small_models.TEXT_TO_TEXT
    assert text.training == features.SpanCorruption(TEXT_VOCABULARY, eos_id=1)


def test_each_family_chooses_in_its_own_way():
    encoder = renderings.rendering(XLMR, Facts("multiple_choice", XLMR_PIECES))
    assert encoder.objective == small_models.MULTIPLE_CHOICE
    assert encoder.training == encoder.evaluation == small_models.CHOICES
    text = renderings.rendering(
        MT5, Facts("multiple_choice", MT5_PIECES, output_length=3)
    )
    assert text.objective.length == 3
    assert text.training == features.TextToText()
    # Evaluated by the letter that it writes; the encoder's outcome knows which
    # is right.
    assert text.evaluation == features.TextInputs()
    assert text.outcome.encoder == encoder.outcome


def test_equal_phases_share_one_program():
    one, other = (
        renderings.rendering(XLMR, Facts("classification", XLMR_PIECES, 3))
        for _ in range(2)
    )
    assert one == other and hash(one.objective) == hash(other.objective)


def test_a_vocabulary_larger_than_the_model_is_refused():
    larger = SimpleNamespace(vocab_size=VOCABULARY + 1)
    with pytest.raises(InputError, match=r"XLMRConfig.vocab_size is 67.* 68"):
        renderings.rendering(XLMR, Facts("classification", larger, 3))


@pytest.mark.parametrize("model", [XLMR, MT5])
def test_an_unknown_problem_is_refused(model):
    pieces = SimpleNamespace(vocab_size=5)
    with pytest.raises(InputError, match="no objective for 'parsing'"):
        renderings.rendering(model, Facts("parsing", pieces))


def test_labels_that_the_vocabulary_cannot_tell_apart_are_refused():
    unknown = ((2, 1), (2, 1), (14, 1))
    with pytest.raises(InputError, match="same pieces"):
        renderings.rendering(
            MT5, Facts("classification", MT5_PIECES, 3, unknown)
        )

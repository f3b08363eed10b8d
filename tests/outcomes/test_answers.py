"""Answers out of windows: the official rules, retold in loops, and gold logits."""

import jax
import numpy as np
import pytest
import small_models
import small_questions
from hypothesis import given, settings
from hypothesis import strategies as st

from xltransfer.data.features import EncoderSpan
from xltransfer.errors import InputError
from xltransfer.evaluate import Evaluation
from xltransfer.models.xlmr_tasks import XLMRSpanFinder
from xltransfer.objectives.span import SpanFinding
from xltransfer.outcomes.span import (
    Answers,
    Passage,
    Window,
    choose,
    has_most_context,
)
from xltransfer.partitioning import Partitioning

OBJECTIVE = SpanFinding(XLMRSpanFinder(small_models.XLMR))
ARRAYS = EncoderSpan(1)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "questions"
    return small_questions.questions(folder, 40)


@pytest.fixture(scope="module")
def with_nothing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "questions2"
    return small_questions.questions(folder, 40, 1, "squad_v2")


# The rules of run_squad, retold.


def retold(
    windows: list[Window], passages: list[Passage], threshold: float
) -> tuple[int, int] | None:
    """Returns the bytes of the answer, candidate by candidate."""
    candidates = []
    for number, (window, own) in enumerate(zip(windows, passages, strict=True)):
        for i, start in enumerate(window.start_columns):
            for j, end in enumerate(window.end_columns):
                first = int(start) - own.context_start
                last = int(end) - own.context_start
                if not (0 <= first < len(own.begins)):
                    continue
                if not (0 <= last < len(own.begins)):
                    continue
                if best_window(passages, own.piece + first) != number:
                    continue
                if last < first or last - first + 1 > 30:
                    continue
                place = int(own.begins[first]), int(own.ends[last])
                if place[0] == place[1]:
                    continue
                score = float(window.start_logits[i])
                score += float(window.end_logits[j])
                candidates.append((score, place))
    candidates.sort(key=lambda one: -one[0])
    nothing = min(float(window.null) for window in windows)
    if not candidates or nothing - candidates[0][0] > threshold:
        return None
    return candidates[0][1]


def best_window(passages: list[Passage], piece: int) -> int:
    """Returns the window in which a piece has the most context."""
    best, chosen = None, -1
    for number, one in enumerate(passages):
        last = one.piece + len(one.begins) - 1
        if not one.piece <= piece <= last:
            continue
        score = min(piece - one.piece, last - piece)
        score += 0.01 * len(one.begins)
        if best is None or score > best:
            best, chosen = score, number
    return chosen


@st.composite
def outputs(draw) -> tuple[list[Window], list[Passage]]:
    """Random logits, many of them equal, over overlapping windows."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    pieces, room, stride = (int(random.integers(1, n)) for n in (60, 50, 30))
    stride = min(stride, room)
    sizes = random.integers(0, 3, pieces)
    ends = np.cumsum(sizes)
    windows, passages = [], []
    for piece in range(0, max(pieces - room, 0) + stride, stride):
        own = slice(piece, min(piece + room, pieces))
        start = int(random.integers(4, 8))
        passages.append(Passage(start, piece, (ends - sizes)[own], ends[own]))
        columns = start + own.stop - own.start + 1
        count = min(20, columns)
        sides = []
        for _ in range(2):
            logits = random.integers(-6, 6, columns).astype(np.float32)
            order = np.argsort(-logits, kind="stable")[:count]
            sides += [logits[order], order]
        windows.append(Window(*sides, float(random.integers(-12, 12))))
        if own.stop == pieces:
            break
    return windows, passages


@settings(max_examples=200)
@given(outputs(), st.sampled_from([0.0, -2.0, np.inf]))
def test_the_answer_is_that_of_the_official_rules(made, threshold):
    windows, passages = made
    found = choose(windows, passages, threshold)
    expected = retold(windows, passages, threshold)
    assert (found and (found.begin, found.end)) == expected


def test_a_piece_belongs_to_the_window_that_shows_most_around_it():
    # Pieces 0-9 and 6-15: 6 has 3 after it in the first, none before it in
    # the second; 7 has 2 against 1; 8 has 1 against 2.
    passages = [
        Passage(5, 0, np.arange(10), np.arange(10)),
        Passage(5, 6, np.arange(10), np.arange(10)),
    ]
    pieces = np.array([0, 6, 7, 8, 9, 15])
    assert has_most_context(pieces, passages, 0).tolist() == [
        *(True, True, True),
        *(False, False, False),
    ]
    assert has_most_context(pieces, passages, 1).tolist() == [
        *(False, False, False),
        *(True, True, True),
    ]


def window(start: dict, end: dict, null: float) -> Window:
    sides = []
    for side in (start, end):
        columns = sorted(side, key=lambda one: -side[one])
        logits = [side[one] for one in columns]
        sides += [np.array(logits, np.float32), np.array(columns)]
    return Window(*sides, null)


PASSAGE = Passage(4, 0, np.arange(40) * 2, np.arange(40) * 2 + 2)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # Columns 4 to 43 are the passage's.
        ({4: 1.0}, {5: 1.0}, (0, 4)),
        # The question's and the last </s> are no answers, however good.
        ({1: 9.0, 6: 1.0}, {44: 9.0, 7: 1.0}, (4, 8)),
        # An end before its start counts for another start alone.
        ({9: 5.0, 4: 1.0}, {8: 5.0, 10: 1.0}, (10, 14)),
        # Thirty pieces and no more.
        ({4: 5.0, 5: 1.0}, {34: 5.0}, (2, 62)),
        ({4: 5.0}, {33: 5.0}, (0, 60)),
        ({4: 5.0}, {34: 5.0}, None),
    ],
)
def test_only_short_spans_of_the_passage_are_answers(start, end, expected):
    found = choose([window(start, end, 0.0)], [PASSAGE])
    assert (found and (found.begin, found.end)) == expected


def test_nothing_is_the_answer_beyond_the_threshold():
    one = window({4: 1.0}, {5: 1.0}, 3.0)
    other = window({4: 0.0}, {5: 0.0}, 2.5)
    passages = [PASSAGE, PASSAGE._replace(piece=20)]
    # The smaller of both windows' 3.0 and 2.5 against 2.0: 0.5 better.
    assert choose([one, other], passages, 0.49) is None
    assert choose([one, other], passages, 0.5) is not None
    # Where nothing is no answer, it does not matter.
    assert choose([one, other], passages) is not None


# Gold logits, and a real model.


def planted(cache) -> list[str]:
    partitioning = Partitioning((("embed", "fsdp"),), data=8)
    one = Evaluation(
        small_questions.PlantedLogits(partitioning),
        {},
        ARRAYS,
        Answers(),
        (24,),
    )
    return one.predict(cache)


@pytest.mark.parametrize("name", ["cache", "with_nothing"])
def test_gold_logits_give_back_every_gold_answer(request, name):
    cache = request.getfixturevalue(name)
    held = set(cache.scalars("example")[cache.scalars("answer_start") > 0])
    found = planted(cache)
    assert len(found) == len(cache.records) == 40
    for number, (answer, record) in enumerate(
        zip(found, cache.records, strict=True)
    ):
        if number in held and record["answers"]:
            assert answer == record["answers"][0]
        elif record["answers"] == [""] and name == "with_nothing":
            assert answer == ""
    assert len(held) > 30


def test_withheld_answers_cannot_be_scored(cache, with_nothing):
    # Every ninth of 40.
    with pytest.raises(InputError, match=r"small\.en: .* 4 of 40 questions"):
        Answers().targets(cache)


def test_no_answer_is_no_target(tmp_path):
    cache = small_questions.questions(tmp_path / "cache", 8, 2, "squad_v2")
    targets = Answers().targets(cache)
    assert targets[6] == [] and all(targets[:6])


def predictions(cache, columns: int, rows: int, devices: int) -> list[str]:
    one = small_models.predictor(OBJECTIVE, devices)
    params = small_models.params(OBJECTIVE)
    evaluation = Evaluation(one, params, ARRAYS, Answers(), (columns,), rows)
    return evaluation.predict(cache)


@pytest.fixture(scope="module")
def alone(cache) -> list[str]:
    """Predictions from each window in a row of its own, without a mesh."""
    params = small_models.params(OBJECTIVE)
    predict = jax.jit(OBJECTIVE.predict)
    found = []
    for number in range(cache.size):
        tokens = cache.tokens("tokens", number).astype(np.int32)
        inside = (np.arange(24) < len(tokens)).astype(np.int32)[None]
        row = np.ones((1, 24), np.int32)
        row[0, : len(tokens)] = tokens
        batch = {
            "tokens": row,
            "segment_ids": inside,
            "positions": np.arange(24)[None] * inside,
            "starts": np.zeros((1, 1), np.int32),
        }
        out = jax.device_get(predict(params, batch))
        found.append(Window(*(out[name][0, 0] for name in Window._fields)))
    return Answers().combine(cache, found)


@pytest.mark.parametrize(
    ("rows", "columns", "devices"),
    [(1, 24, 1), (7, 60, 1), (64, 24, 1), (1, 24, 8), (7, 24, 8), (64, 60, 8)],
)
def test_predictions_depend_on_neither_rows_nor_neighbours_nor_devices(
    cache, alone, rows, columns, devices
):
    assert predictions(cache, columns, rows, devices) == alone
    assert len(set(alone)) > 20

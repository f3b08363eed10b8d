"""SQuAD's exact match and F1: v1.1 (XQuAD, TyDiQA too) and v2.0.

Targets are gold answers by question id, predictions one answer text by id; or
both in the same order.

Sources: SQuAD's evaluate-v1.1.py (google-research/xtreme has it as
third_party/evaluate_squad.py) and evaluate-v2.0.py.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from xltransfer.metrics.counted import Columns, Sums, sums
from xltransfer.metrics.questions import ByQuestion, by_id

Answers = ByQuestion[Sequence[str]]
Texts = ByQuestion[str]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
# Of SQuAD v2.0: all questions, those with answers, those without.
_PARTS: dict[str, Callable[[Sequence[str]], bool]] = {
    "": lambda gold: True,
    "HasAns_": bool,
    "NoAns_": lambda gold: not gold,
}
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize(text: str) -> str:
    """Returns a text as SQuAD compares it, whatever its language.

    Lower case; without ASCII punctuation; without the English articles; one
    space between words.
    """
    bare = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def squad(targets: Answers, predictions: Texts) -> dict[str, float]:
    """Returns SQuAD v1.1's `exact_match` and `f1` in percent.

    A question without a prediction scores 0; predictions for other ids are
    not looked at.

    Raises:
      ValueError: without questions, or for a question without answers.
    """
    return total_answers(sums(count_answers(targets, predictions)))


def squad_v2(
    targets: Answers,
    predictions: Texts,
    null_scores: ByQuestion[float] | None = None,
    threshold: float = 1.0,
) -> dict[str, float]:
    """Returns SQuAD v2.0's `exact` and `f1` in percent.

    `HasAns_…` and `NoAns_…` are those over questions with and without answer.
    As in the official script, the total leaves out questions without a
    prediction. That script fails on them in its parts, as this does.

    Args:
      targets: gold answers; none where a question has no answer.
      predictions: answer texts; "" says that there is no answer.
      null_scores: how sure the model is, by id, that there is no answer.
      threshold: a higher null score than this counts as "no answer".

    Raises:
      KeyError: for a missing prediction.
      ValueError: without questions.
    """
    columns = count_v2(targets, predictions, null_scores, threshold)
    return total_v2(sums(columns))


def count_v2(
    targets: Answers,
    predictions: Texts,
    null_scores: ByQuestion[float] | None = None,
    threshold: float = 1.0,
) -> Columns:
    """Returns what each question adds to `squad_v2`, which see."""
    targets, predictions = by_id(targets), by_id(predictions)
    exact, f1 = _raw_scores(targets, predictions)
    if not exact:
        raise ValueError("no question has a prediction")
    if null_scores is not None:
        null_scores = by_id(null_scores)
        for name in exact:
            if null_scores[name] > threshold:
                exact[name] = f1[name] = int(not targets[name])
    columns: Columns = {}
    for prefix, is_part in _PARTS.items():
        here = {name: int(is_part(gold)) for name, gold in targets.items()}
        columns |= {
            f"{prefix}exact": [exact[name] * x for name, x in here.items()],
            f"{prefix}f1": [f1[name] * x for name, x in here.items()],
            f"{prefix}n": list(here.values()),
        }
    return columns


def total_v2(sums: Sums) -> dict[str, float]:
    """Returns what `squad_v2` does, from sums over questions."""
    return {
        f"{prefix}{metric}": 100.0
        * sums[f"{prefix}{metric}"]
        / sums[f"{prefix}n"]
        for prefix in _PARTS
        if sums[f"{prefix}n"]
        for metric in ("exact", "f1")
    }


def best_thresholds(
    targets: Answers, predictions: Texts, null_scores: ByQuestion[float]
) -> dict[str, float]:
    """Returns the thresholds that serve best, and the scores they give.

    They are `best_exact`, `best_f1` in percent, and `best_exact_thresh`,
    `best_f1_thresh`, in the unit of `null_scores`. A threshold found on the
    set that it is applied to flatters: choose it on a development set.

    Raises:
      ValueError: if no question has a prediction.
    """
    targets, predictions = by_id(targets), by_id(predictions)
    null_scores = by_id(null_scores)
    found = {}
    names = ("exact", "f1")
    for name, scores in zip(
        names, _raw_scores(targets, predictions), strict=True
    ):
        best, threshold = _best(targets, predictions, null_scores, scores)
        found |= {f"best_{name}": best, f"best_{name}_thresh": threshold}
    return found


def count_answers(
    targets: Answers,
    predictions: Texts,
    normalized: Callable[[str], str] = normalize,
) -> Columns:
    """Returns what each question adds, the best over its gold answers.

    Args:
      targets: gold answers by id, one at least.
      predictions: answer texts by id.
      normalized: how texts are compared; tokens are its words.

    Raises:
      ValueError: without questions, or for a question without answers.
    """
    targets, predictions = by_id(targets), by_id(predictions)
    if not targets:
        raise ValueError("no questions")
    exact, f1 = [], []
    for name, answers in targets.items():
        if not answers:
            raise ValueError(f"question {name!r} has no answers")
        if name not in predictions:
            exact.append(0.0)
            f1.append(0.0)
            continue
        guess = normalized(predictions[name])
        golds = [normalized(answer) for answer in answers]
        exact.append(float(guess in golds))
        f1.append(max(token_f1(gold.split(), guess.split()) for gold in golds))
    return {"exact_match": exact, "f1": f1, "n": [1] * len(exact)}


def total_answers(sums: Sums) -> dict[str, float]:
    """Returns `exact_match` and `f1` in percent, from sums over questions."""
    return {
        name: 100.0 * sums[name] / sums["n"] for name in ("exact_match", "f1")
    }


def token_f1(gold: Sequence[str], guess: Sequence[str]) -> float:
    """Returns F1 in 0..1 of two bags of tokens; 0 if they share none."""
    common = sum((Counter(gold) & Counter(guess)).values())
    if common == 0:
        return 0.0
    precision = common / len(guess)
    recall = common / len(gold)
    return (2 * precision * recall) / (precision + recall)


def _raw_scores(
    targets: Mapping[str, Sequence[str]], predictions: Mapping[str, str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Returns v2.0's exact match and F1 by id, in 0..1, without threshold."""
    exact, f1 = {}, {}
    for name, answers in targets.items():
        if name not in predictions:
            continue
        # What has no answer is answered by nothing, and so is what has
        # answers of punctuation and articles alone.
        golds = [one for one in map(normalize, answers) if one] or [""]
        guess = normalize(predictions[name])
        exact[name] = int(guess in golds)
        f1[name] = max(_f1_with_nothing(gold, guess) for gold in golds)
    return exact, f1


def _f1_with_nothing(gold: str, guess: str) -> float:
    if not gold or not guess:
        return int(gold == guess)
    return token_f1(gold.split(), guess.split())


def _best(
    targets: Mapping[str, Sequence[str]],
    predictions: Mapping[str, str],
    null_scores: Mapping[str, float],
    scores: Mapping[str, float],
) -> tuple[float, float]:
    if not scores:
        raise ValueError("no question has a prediction")
    current = best = sum(not answers for answers in targets.values())
    threshold = 0.0
    # Raising the threshold past a question lets its answer stand.
    for name in sorted(null_scores, key=lambda one: null_scores[one]):
        if name not in scores:
            continue
        if targets[name]:
            current += scores[name]
        elif predictions[name]:
            current -= 1
        if current > best:
            best, threshold = current, null_scores[name]
    return 100.0 * best / len(scores), threshold

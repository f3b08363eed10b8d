"""What is nearest, and what is mined, out of a model's vectors."""

import jax
import numpy as np
import pytest
import retrieval_caches
import small_models

from xltransfer import evaluate, metrics
from xltransfer.data.features import EncoderRetrieval
from xltransfer.data.packing import Layout
from xltransfer.errors import InputError
from xltransfer.evaluate import Evaluation
from xltransfer.models.embedders import XLMREmbedder
from xltransfer.objectives.retrieval import Embedding
from xltransfer.outcomes.retrieval import Mined, Nearest, vectors
from xltransfer.train import Program


def of(angles: list[float]) -> list[np.ndarray]:
    return [np.array([np.cos(a), np.sin(a)]) for a in np.radians(angles)]


@pytest.fixture
def scattered(tmp_path):
    """Two queries, a pair whose sides do not belong together, a candidate."""
    records = [
        {"id": "q0", "gold": ["c1"], "query_key": "a"},
        {"id": "q1", "gold": ["c0", "c1"], "query_key": "b"},
        {
            **{"id": "q2", "gold": ["c0"], "query_key": "c"},
            **{"candidate": "c0", "candidate_key": "d"},
        },
        {"candidate": "c1", "candidate_key": "e"},
    ]
    sides = [([5], None), ([6], None), ([7], [8]), (None, [9])]
    cache = retrieval_caches.write(tmp_path / "cache", sides, records)
    query = of([0, 80, 60])
    candidate = of([70, 10])
    found = [
        (query[0],),
        (query[1],),
        (query[2], candidate[0]),
        (candidate[1],),
    ]
    return cache, found


def test_sides_are_told_apart_and_kept_in_order(scattered):
    queries, candidates = vectors(*scattered)
    np.testing.assert_allclose(queries, of([0, 80, 60]), rtol=1e-6)
    np.testing.assert_allclose(candidates, of([70, 10]), rtol=1e-6)


def test_the_nearest_candidates_are_ranked_by_id(scattered):
    cache, found = scattered
    ranked = Nearest().combine(cache, found)
    assert ranked == [["c1", "c0"], ["c0", "c1"], ["c0", "c1"]]
    targets = Nearest().targets(cache)
    assert targets == [["c1"], ["c0", "c1"], ["c0"]]
    scored = metrics.METRICS["map@20"](targets, ranked)
    assert scored == {"map@20": 100.0}


def test_tatoebas_predictions_are_line_numbers(tmp_path):
    records = [
        {"id": str(i), "gold": [str(2 - i)], "candidate": str(i)}
        for i in range(3)
    ]
    cache = retrieval_caches.write(
        tmp_path / "cache", [([5], [6])] * 3, records
    )
    found = list(zip(of([0, 45, 90]), of([80, 50, 40]), strict=True))
    outcome = Nearest("positions")
    # 0 is nearest to 40, the third; 45 to 50 and 40 alike: the lower number.
    assert outcome.combine(cache, found) == [2, 1, 0]
    assert outcome.targets(cache) == [2, 1, 0]


def test_candidates_may_lie_in_another_cache(scattered, tmp_path):
    cache, found = scattered
    records = [
        {"candidate": f"Q{i}", "candidate_key": str(i)} for i in range(2)
    ]
    pool = retrieval_caches.write(
        tmp_path / "pool", [(None, [5]), (None, [6])], records
    )
    other = [(one,) for one in of([85, 5])]
    ranked = Nearest().combine(cache, found, (pool, other))
    assert [one[0] for one in ranked] == ["Q1", "Q0", "Q0"]


def test_queries_without_any_candidates_are_refused(tmp_path):
    records = [{"id": "q", "gold": ["c"], "query_key": ""}]
    cache = retrieval_caches.write(tmp_path / "c", [([5], None)], records)
    with pytest.raises(InputError, match="no candidates"):
        Nearest().combine(cache, [(of([0])[0],)])


def test_candidates_may_seek_the_queries(tmp_path):
    records = [
        {"id": str(i), "gold": [gold], "candidate": str(i)}
        for i, gold in enumerate("120")
    ]
    cache = retrieval_caches.write(
        tmp_path / "cache", [([5], [6])] * 3, records
    )
    found = list(zip(of([0, 40, 90]), of([80, 35, 30]), strict=True))
    # English 0 asks for 1, 1 for 2, 2 for 0: 0 is asked for by 2, and so on.
    outcome = Nearest("positions", candidates_seek=True)
    assert outcome.targets(cache) == [2, 0, 1]
    # 80 is nearest to 90; 35 and 30 to 40.
    assert outcome.combine(cache, found) == [2, 1, 1]
    other = Nearest("positions")
    assert other.targets(cache) == [1, 2, 0]
    assert other.combine(cache, found) == [2, 1, 0]


EMBEDDING = Embedding(XLMREmbedder(small_models.XLMR, 1, normalize=True))


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    """Sixty pairs and their vectors, each side in a row of its own, no mesh."""
    cache = retrieval_caches.pairs(tmp_path_factory.mktemp("p") / "pairs", 60)
    params = small_models.params(EMBEDDING)
    predict = jax.jit(EMBEDDING.predict)
    found = []
    for number in range(cache.size):
        tokens = cache.tokens("tokens", number).astype(np.int32)
        cut = int(cache.tokens("side_lengths", number)[0])
        vectors = []
        for side in (tokens[:cut], tokens[cut:]):
            inside = (np.arange(10) < len(side)).astype(np.int32)[None]
            row = np.ones((1, 10), np.int32)
            row[0, : len(side)] = side
            batch = {
                "tokens": row,
                "segment_ids": inside,
                "positions": np.arange(10)[None] * inside,
                "starts": np.zeros((1, 1), np.int32),
            }
            vectors.append(np.asarray(predict(params, batch))[0, 0])
        found.append(tuple(vectors))
    return cache, found


def evaluation(outcome, columns: int, rows: int, devices: int) -> Evaluation:
    return Evaluation(
        small_models.predictor(EMBEDDING, devices),
        small_models.params(EMBEDDING),
        EncoderRetrieval(1),
        outcome,
        (columns,),
        rows,
    )


@pytest.mark.parametrize("devices", [1, 8])
@pytest.mark.parametrize(("rows", "columns"), [(1, 16), (7, 40), (64, 16)])
@pytest.mark.parametrize(
    "outcome",
    [
        Nearest("positions"),
        Nearest("positions", candidates_seek=True),
        Mined(),
    ],
    ids=["nearest", "the other way", "mined"],
)
def test_what_is_found_depends_neither_on_batches_nor_on_devices(
    paired, outcome, rows, columns, devices
):
    cache, alone = paired
    found = evaluation(outcome, columns, rows, devices).predict(cache)
    assert found == outcome.combine(cache, alone)
    assert len(set(map(str, found))) > 20


@pytest.fixture(scope="module")
def made_by_one(paired):
    """Outputs and ranks of a device, by the length of rows."""
    cache, _ = paired
    found = {}
    for columns in (16, 40):
        one = evaluation(Nearest(), columns, rows=32, devices=1)
        outputs = one.outputs(cache)
        found[columns] = outputs, one.combine(cache, outputs)
    return found


@pytest.mark.parametrize("columns", [16, 40])
@pytest.mark.parametrize("devices", [1, 8])
@pytest.mark.parametrize("rows", [1, 7, 64])
def test_no_bit_of_a_vector_and_no_rank_depends_on_batches_or_devices(
    paired, made_by_one, rows, devices, columns
):
    cache, _ = paired
    one = evaluation(Nearest(), columns, rows, devices)
    outputs, ranks = made_by_one[columns]
    found = one.outputs(cache)
    for mine, other in zip(
        vectors(cache, found), vectors(cache, outputs), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    assert one.combine(cache, found) == ranks
    assert {len(set(ranked)) for ranked in ranks} == {20}


@pytest.mark.parametrize("columns", [16, 40])
def test_ranks_are_those_of_the_vectors_made_alone(
    paired, made_by_one, columns
):
    cache, alone = paired
    products = np.inner(*vectors(cache, alone))
    _, ranks = made_by_one[columns]
    # Sums over a row of another length round differently: of 1,200 products
    # some differ by less than float32 tells apart.
    for mine, ranked in zip(products, ranks, strict=True):
        values = [mine[int(one.removeprefix("c"))] for one in ranked]
        np.testing.assert_allclose(values, np.sort(mine)[::-1][:20], atol=1e-6)


def mined_cache(folder, noise: float, seed: int):
    """Forty sentences a side; twenty have partners, `noise` away."""
    random = np.random.default_rng(seed)
    records = [
        {
            **{"id": f"q{i}", "gold": [f"c{i}"] if i < 20 else []},
            **{"query_key": f"q{i}", "candidate": f"c{i}"},
            "candidate_key": f"c{i}",
        }
        for i in range(40)
    ]
    cache = retrieval_caches.write(folder, [([5], [6])] * 40, records)
    queries, others = random.normal(size=(2, 40, 64))
    near = queries + noise * random.normal(size=(40, 64))
    candidates = np.where(np.arange(40)[:, None] < 20, near, others)
    sides = (
        one / np.linalg.norm(one, axis=1, keepdims=True)
        for one in (queries, candidates)
    )
    return cache, list(zip(*sides, strict=True))


def test_mined_pairs_reach_the_dev_sets_threshold(tmp_path):
    # Partners are far nearer than chance: one threshold parts both sets.
    dev = mined_cache(tmp_path / "dev", 0.3, seed=1)
    test = mined_cache(tmp_path / "test", 0.3, seed=2)
    outcome = Mined()
    pairs = outcome.combine(*test, dev)
    assert set(pairs) == {(f"q{i}", f"c{i}") for i in range(20)}
    scored = metrics.METRICS["bucc"](outcome.targets(test[0]), pairs)
    assert scored["f1"] == 100.0
    # A dev set that is all partners lets everything pass.
    lenient = mined_cache(tmp_path / "lenient", 3.0, seed=3)
    assert len(outcome.combine(*test, lenient)) > 20


def test_a_sentence_that_stands_twice_is_mined_once(tmp_path):
    records = [
        {"id": f"q{i}", "gold": ["c0"], "query_key": key}
        for i, key in enumerate(("same", "same", "other"))
    ]
    records.append({"candidate": "c0", "candidate_key": "c"})
    sides = [([5], None)] * 3 + [(None, [6])]
    cache = retrieval_caches.write(tmp_path / "c", sides, records)
    found = [(one,) for one in of([0, 0, 90, 5])]
    assert Mined().combine(cache, found) == []


def test_read_gives_each_example_the_vectors_of_its_sides(scattered):
    cache, _ = scattered
    outputs = np.arange(2 * 3 * 2).reshape(2, 3, 2)
    layout = Layout(
        row=np.array([0, 1]),
        slot=np.array([2, 0]),
        start=np.zeros((2, 1), np.int32),
        rows=2,
    )
    found = Nearest().read(outputs, layout, cache, np.array([1, 2]))
    assert [len(one) for one in found] == [1, 2]
    np.testing.assert_array_equal(found[0][0], outputs[0, 2])
    np.testing.assert_array_equal(found[1], outputs[1, :2])


def test_an_evaluation_writes_and_scores_rankings_by_id(tmp_path):
    # Layer 0 is the embeddings: the mean of the same pieces in another order,
    # but for their positions.
    cache = retrieval_caches.pairs(tmp_path / "pairs", 30)
    cache.manifest["metrics"] = ["map@20"]
    model = XLMREmbedder(small_models.XLMR, 0, normalize=True)
    program = Program(
        Embedding(model),
        small_models.Descent(),
        1,
        small_models.partitioning("data"),
    )
    evaluation = Evaluation(
        program,
        small_models.params(Embedding(model)),
        EncoderRetrieval(1),
        Nearest("rankings", (("preset", "a preset"), ("layer", 0))),
        (12,),
    )
    (record,) = evaluate.evaluate(evaluation, cache, tmp_path, {"seed": 1})
    assert record["value"] == pytest.approx(100.0)
    assert (record["preset"], record["layer"]) == ("a preset", 0)
    assert record["n"] == 30
    assert (tmp_path / "small" / "dev-en.json").is_file()

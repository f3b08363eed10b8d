import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path
    for top in ("xltransfer", "tasks")
    for path in (ROOT / top).rglob("*.py")
)

# From the top down: a module imports from its own rank or a lower one.
# cli -> study -> phase -> {train, evaluate} -> {data, objectives, checkpoints,
# optimizer} -> {partitioning, models, pretrained, metrics}; the others are put
# where they are used.
RANKS = (
    {"cli"},
    {"commands"},
    {"configuration", "report"},
    {"budget"},
    {"study", "convert", "evaluation_runs"},
    {"fitting"},
    {"trained"},
    {"unread"},
    {"shapes"},
    {"phase"},
    {"choosing", "starting", "trimming", "phase_folder", "streams"},
    {"workspace"},
    {"selection", "overlap"},
    {"specification"},
    {"evaluations", "reading", "constant"},
    {"contents"},
    {"monitoring"},
    {"throughput"},
    {"topology"},
    {
        "train",
        "evaluate",
        "divergence",
        "renderings",
        "origins",
        "scoring",
    },
    {"prediction", "hosts"},
    {"outcomes", "statistics"},
    {
        "data",
        "objectives",
        "decoding",
        "topk",
        "checkpoints",
        "optimizer",
        "layerwise",
        "submission",
        "published",
        "example_counts",
    },
    {"partitioning", "models", "pretrained", "metrics", "environment"},
    {
        "components",
        "language_groups",
        "results",
        "interruption",
        "host_memory",
        "compiled",
        "profiling",
        "fingerprint",
        "fields",
    },
    {"vectors"},
    {"buckets"},
    {"errors", "files", "claims"},
)
RANK = {part: rank for rank, parts in enumerate(RANKS) for part in parts}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yields line and full name of everything that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, one.name) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            for one in node.names:
                yield node.lineno, f"{node.module}.{one.name}"


def part(name: str) -> str:
    """Returns the part of xltransfer that a dotted name belongs to."""
    return [*name.split("."), ""][1]


def own_part(path: Path) -> str:
    return path.relative_to(ROOT / "xltransfer").parts[0].removesuffix(".py")


def offenders(packages: set[str], allowed: set[str]) -> list[str]:
    """Returns where packages are imported outside the files allowed."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in SOURCES
        for line, name in imports(path)
        if name.split(".")[0] in packages
        and not any(
            str(path.relative_to(ROOT)).startswith(one) for one in allowed
        )
    ]


def test_every_part_of_the_package_has_a_rank():
    parts = {
        own_part(path)
        for path in SOURCES
        if path.is_relative_to(ROOT / "xltransfer")
    }
    assert parts - {"__init__"} == set(RANK)


def test_imports_point_one_way():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in SOURCES
        if path.is_relative_to(ROOT / "xltransfer")
        for line, name in imports(path)
        if name.startswith("xltransfer.")
        and RANK[part(name)] < RANK.get(own_part(path), 0)
    ]
    assert found == []


def test_no_two_parts_import_each_other():
    edges = {
        (own_part(path), part(name))
        for path in SOURCES
        if path.is_relative_to(ROOT / "xltransfer")
        for _, name in imports(path)
        if name.startswith("xltransfer.") and own_part(path) != part(name)
    }
    assert [edge for edge in edges if edge[::-1] in edges] == []


def test_tasks_know_metrics_and_errors_only():
    names = {
        part(name)
        for path in SOURCES
        if path.is_relative_to(ROOT / "tasks")
        for _, name in imports(path)
        if name.split(".")[0] == "xltransfer"
    }
    assert names <= {"errors", "metrics"}


def test_tensorflow_and_seqio_live_in_tasks_and_the_cache_builder():
    packages = {"tensorflow", "seqio", "tensorflow_datasets", "tensorflow_text"}
    assert offenders(packages, {"tasks/", "xltransfer/data/cache.py"}) == []


@pytest.mark.parametrize(
    ("package", "places"),
    [
        ("gin", "xltransfer/configuration.py"),
        ("orbax", "xltransfer/checkpoints.py"),
        ("grain", "xltransfer/data/"),
        (
            "tensorboardX",
            "xltransfer/monitoring.py xltransfer/report/tensorboard.py",
        ),
        ("jinja2", "xltransfer/report/"),
        ("PIL", "xltransfer/report/"),
        ("torch", "xltransfer/pretrained/"),
        ("tensorstore", "xltransfer/pretrained/"),
        ("typer", "xltransfer/cli.py xltransfer/commands/"),
        ("yaml", "tasks/descriptions.py"),
        ("requests", "tasks/fetching.py"),
        ("rich", "xltransfer/report/"),
    ],
)
def test_a_package_is_known_to_one_place(package, places):
    assert offenders({package}, set(places.split())) == []


def test_a_mesh_is_built_in_partitioning_only():
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", getattr(called, "id", ""))
            if name in ("Mesh", "AbstractMesh", "make_mesh"):
                found.append(str(path.relative_to(ROOT)))
    assert set(found) == {"xltransfer/partitioning.py"}


def test_nothing_is_executed_from_data():
    assert offenders({"pickle", "dill", "cloudpickle", "shelve"}, set()) == []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                given = {one.arg: one.value for one in node.keywords}
                where = f"{path}:{node.lineno}"
                assert name not in ("eval", "exec"), where
                if name == "torch.load":
                    assert ast.unparse(given["weights_only"]) == "True", where
                if name in ("np.load", "numpy.load"):
                    assert ast.unparse(given["allow_pickle"]) == "False", where


PYTHON = [
    path
    for top in ("xltransfer", "tasks", "tests", "benchmarks")
    for path in (ROOT / top).rglob("*.py")
]


def test_files_are_short_and_named_for_what_they_hold():
    for path in PYTHON:
        assert path.name not in (
            "utils.py",
            "helpers.py",
            "common.py",
            "misc.py",
        )
        assert len(path.read_text().splitlines()) <= 400, path


TEXTS = [
    *PYTHON,
    *ROOT.glob("*.*"),
    *ROOT.glob("gin/**/*.gin"),
    *ROOT.glob("tests/**/*.gin"),
]


def test_nothing_names_a_place_on_one_machine():
    # Folders that are on every machine of their kind are none.
    place = re.compile(
        r"(?<![\w.$}~])/(work|home|root|tmp|Users|mnt)/\w|\.\./shared"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in TEXTS
        if path.is_file() and path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if place.search(line)
    ]
    assert found == []

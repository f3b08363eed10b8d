"""Datasets that another package brings."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from test_descriptions import MYNLI

import tasks
from tasks import catalogue
from xltransfer.errors import InputError

PACKAGE = {
    "setup.py": """
        from setuptools import setup
        setup(
            name="my-datasets",
            version="1.0",
            py_modules=["my_datasets"],
            entry_points={"xltransfer.datasets": [
                "rows = my_datasets:ROWS",
                "more = my_datasets:more",
                "file = my_datasets:FILE",
            ]},
        )
    """,
    "my_datasets.py": """
        from pathlib import Path
        from tasks import nli
        from tasks.row import Split
        from tasks.sources import Delimited

        def row(name):
            source = Delimited(f"{name}.tsv", ("premise", "hypothesis", "label"))
            return nli.three_way(
                name, language="sw", splits=(Split("train", source),)
            )

        ROWS = (row("plugged.sw"),)
        FILE = Path(__file__).with_name("described.yaml")

        def more():
            yield row("plugged_too.sw")
    """,
}


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """A folder into which a package with entry points is installed."""
    made = tmp_path_factory.mktemp("package")
    for name, text in PACKAGE.items():
        (made / name).write_text(textwrap.dedent(text))
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index"]
    pip += ["--no-deps", "--no-build-isolation", "--target", str(target)]
    done = subprocess.run([*pip, str(made)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (target / "described.yaml").write_text(
        MYNLI.replace("mynli", "plugged_file").split("mixtures")[0]
    )
    return target


def listed(folder: Path) -> subprocess.CompletedProcess:
    code = "import tasks; print(*(n for n in tasks.datasets() if 'plug' in n))"
    root = Path(__file__).parent.parent.parent
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{root}:{folder}"},
        capture_output=True,
        text=True,
    )


def test_a_package_brings_rows_a_function_and_a_file(package):
    found = listed(package)
    assert found.returncode == 0, found.stderr
    assert set(found.stdout.split()) == {
        *("plugged.sw", "plugged_too.sw", "plugged_file.sw")
    }


class Point:
    """An entry point as `importlib.metadata` gives them."""

    name, value, dist = "rows", "my_datasets:ROWS", None

    def __init__(self, offered):
        self._offered = offered

    def load(self):
        if isinstance(self._offered, Exception):
            raise self._offered
        return self._offered


@pytest.mark.parametrize(
    ("offered", "message"),
    [
        (ImportError("no module"), "ImportError: no module"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (("xnli.sw",), "'xnli.sw', which is no Dataset"),
        (3, "3, which is no Dataset"),
        ((tasks.dataset("xnli.sw"),), "'xnli.sw' is known already"),
    ],
)
def test_a_plug_in_that_is_none_is_named(monkeypatch, offered, message):
    monkeypatch.setattr(
        catalogue, "entry_points", lambda group: [Point(offered)]
    )
    known = catalogue.Catalogue(tasks.nli.DATASETS, {})
    with pytest.raises(InputError, match=f"The plug-in 'rows'.*{message}"):
        _ = known.datasets

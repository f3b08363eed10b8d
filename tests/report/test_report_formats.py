"""The report as HTML, Markdown and LaTeX that others must be able to read."""

import re
import shutil
import subprocess

import pytest
from page_reading import page
from synthetic_study import DIRECT, EVIL


def test_markup_in_a_label_is_text_everywhere(evil, small):
    with_it, without = page(evil), page(small)
    assert with_it.elements["script"] == without.elements["script"]
    assert EVIL in {row[0].text for row in with_it.tables["transfer-1"].rows}
    assert {row["intermediate"] for row in with_it.results()} == {DIRECT, EVIL}
    markdown = (evil / "report" / "report.md").read_text()
    assert r"\<script\>alert" in markdown and r"a\|b\_c" in markdown
    assert not re.search(r"(?<!\\)<script", markdown)


def test_markdown_tables_have_as_many_cells_in_every_row(evil, small):
    for folder in (evil, small):
        count, seen = None, 0
        for line in (folder / "report" / "report.md").read_text().splitlines():
            if not line.startswith("|"):
                count = None
                continue
            cells = len(re.findall(r"(?<!\\)\|", line))
            assert count in (None, cells), line
            count, seen = cells, seen + 1
        assert seen > 10


def test_latex_is_well_formed(evil, small):
    """Braces and environments close, and rows have a cell for each column."""
    for folder in (evil, small):
        text = (folder / "report" / "report.tex").read_text()
        plain = re.sub(r"\\[\\{}&%$#_]", "", text)
        body = re.sub(r"(?m)%.*$", "", plain)
        depth = 0
        for one in body:
            depth += (one == "{") - (one == "}")
            assert depth >= 0
        assert depth == 0
        assert body.count("$") % 2 == 0
        opened = []
        for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
            if kind == "begin":
                opened.append(name)
            else:
                assert opened.pop() == name
        assert opened == []
        tables = re.findall(
            r"\\begin\{(?:tabular|longtable)\}\{([^\n]*)\}\n(.*?)\\end\{",
            text,
            re.S,
        )
        assert len(tables) > 3
        for columns, inside in tables:
            count = len(re.sub(r"p\{[^}]*\}\}?", "p", columns))
            for line in inside.splitlines():
                if re.search(r"(?<!\\)&", line):
                    cells = len(re.findall(r"(?<!\\)&", line)) + 1
                    assert cells == count, line


def test_latex_uses_booktabs_rules(small):
    text = (small / "report" / "report.tex").read_text()
    assert r"\usepackage{booktabs" in text and r"\hline" not in text
    tables = text.count(r"\begin{tabular}") + text.count(r"\begin{longtable}")
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert text.count(rule) == tables


@pytest.mark.slow
def test_latex_compiles(evil, small):
    compiler = shutil.which("pdflatex")
    if compiler is None:
        pytest.skip("there is no pdflatex on the PATH")
    for folder in (evil, small):
        done = subprocess.run(
            [
                compiler,
                "-halt-on-error",
                "-interaction=batchmode",
                "report.tex",
            ],
            cwd=folder / "report",
            capture_output=True,
        )
        log = (folder / "report" / "report.log").read_text(errors="replace")
        assert done.returncode == 0, log[-2000:]

"""The page in a real browser: Debian's `chromium`, without a window."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from synthetic_study import DIRECT

BROWSER = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="there is no chromium on the PATH"
)
# At the page's end: clicks, and what came of it, as JSON in an element.
PROBE = """
<pre id="probe"></pre>
<script>
const found = {};
const matrix = document.querySelector("#transfer-1 table");
const first = () => [...matrix.tBodies[0].rows].map((r) => r.cells[0].textContent);
const values = () => [...matrix.tBodies[0].rows].map((r) => Number(r.cells[1].dataset.v));
const head = matrix.tHead.rows[0].cells[1];
found.before = first();
head.querySelector("button").click();
found.descending = values();
found.sort = head.getAttribute("aria-sort");
head.querySelector("button").click();
found.ascending = values();
head.querySelector("button").click();
found.after = first();
found.pinned = first()[0];
found.csv = csv(results());
const search = document.querySelector("#phases input");
search.value = "panx.en";
search.dispatchEvent(new Event("input"));
const lines = [...document.querySelectorAll("#phases tbody tr")];
found.shown = lines.filter((line) => !line.hidden).length;
const comparer = document.getElementById("comparer");
comparer.one.value = "xnli after none (direct), seed 1";
comparer.other.value = "xnli after none (direct), seed 2";
comparer.dispatchEvent(new Event("change"));
found.fields = [...comparer.querySelectorAll("tbody tr")].map((r) =>
  [...r.cells].map((c) => c.textContent));
const themes = document.getElementById("theme");
const paper = () => getComputedStyle(document.body).backgroundColor;
themes.click(); found.light = paper();
themes.click(); found.dark = paper();
themes.click();
found.overflow = document.documentElement.scrollWidth -
  document.documentElement.clientWidth;
found.width = innerWidth;
document.getElementById("probe").textContent = JSON.stringify(found);
</script>
</body>"""


def opened(path: Path, width: int, folder: Path) -> tuple[str, list[str]]:
    """Opens a page; returns its elements and what its console says."""
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            f"--user-data-dir={folder / 'browser'}",
            f"--window-size={width},900",
            "--virtual-time-budget=5000",
            "--dump-dom",
            path.absolute().as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, [
        line for line in done.stderr.splitlines() if "CONSOLE" in line
    ]


def probed(path: Path, width: int) -> tuple[dict, list[str]]:
    """Opens a page with the probe in it; returns what that found."""
    copy = path.with_name("probed.html")
    head, _, tail = path.read_text().rpartition("</body>")
    copy.write_text(head + PROBE + tail)
    elements, console = opened(copy, width, path.parent)
    text = re.search(r'<pre id="probe">(.*?)</pre>', elements, re.S)[1]
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(name, sign)
    return json.loads(text), console


@pytest.fixture(scope="module")
def found(large) -> tuple[dict, list[str]]:
    return probed(large / "report" / "report.html", 1280)


def test_the_page_opens_without_a_word_on_the_console(found):
    _, console = found
    assert console == []


def test_a_broken_page_would_be_noticed(tmp_path):
    path = tmp_path / "broken.html"
    path.write_text("<!doctype html><script>missing()</script>")
    _, console = opened(path, 800, tmp_path)
    assert len(console) == 1 and "missing is not defined" in console[0]


def test_a_click_sorts_by_unrounded_numbers_and_a_third_undoes_it(found):
    seen, _ = found
    first, *down = seen["descending"]
    assert down == sorted(down, reverse=True) and len(set(down)) > 5
    assert seen["sort"] == "descending"
    # Direct transfer's own score stays above the deltas.
    assert seen["ascending"] == [first, *down[::-1]]
    assert seen["pinned"] == DIRECT
    assert seen["after"] == seen["before"]


def test_the_saved_table_is_results_csv(large, found):
    seen, _ = found
    assert seen["csv"] + "\n" == (large / "results.csv").read_text()


def test_phases_are_found_by_a_word(found):
    seen, _ = found
    # A target phase after each of 11 rows at each of 3 seeds.
    assert seen["shown"] == 33


def test_two_cells_differ_in_what_their_phases_do(found):
    seen, _ = found
    assert seen["fields"] == [["target", "seed", "1", "2"]]


def test_a_theme_can_be_chosen(found):
    seen, _ = found
    assert seen["light"] == "rgb(255, 255, 255)"
    assert seen["dark"] == "rgb(15, 18, 22)"


def test_only_tables_and_drawings_scroll_sideways(large, found):
    narrow, console = probed(large / "report" / "report.html", 500)
    assert console == []
    # The narrowest window that there is.
    assert narrow["width"] == 500
    for one in (narrow, found[0]):
        assert one["overflow"] == 0

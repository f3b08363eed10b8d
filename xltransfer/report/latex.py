"""The report in LaTeX, with booktabs: its tables, to be put into a paper.

Needs booktabs, longtable, float and textcomp, and compiles with pdfTeX, XeTeX and
LuaTeX. What pdfTeX has no letters for (labels in other scripts) it shows as
code points; XeTeX and LuaTeX need a font that has them.
"""

import unicodedata
from collections.abc import Iterator, Sequence

from xltransfer.report.document import (
    Block,
    Cell,
    Document,
    Fold,
    Listing,
    Points,
    Table,
    Text,
)

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "→": r"$\rightarrow$",
    "†": r"\textdagger{}",
    "‡": r"\textdaggerdbl{}",
    "–": "--",
    "…": r"\ldots{}",
    "*": r"\textasteriskcentered{}",
}
# More rows than this go over several pages.
_FLOATING = 45
# Characters of a column, before it is broken into lines.
_WIDEST = 34
_HEAD = r"""% Made by `xltransfer report`. A table can be copied out by its label.
\documentclass[10pt]{article}
\usepackage{iftex}
\ifpdftex
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
\else
  \usepackage{fontspec}
\fi
\usepackage{textcomp}
\usepackage[margin=2cm]{geometry}
\usepackage{booktabs,longtable,float}
\setlength{\tabcolsep}{3pt}
\setcounter{secnumdepth}{0}
\sloppy
\begin{document}
"""


def latex(document: Document) -> str:
    """Returns the report as a LaTeX document."""
    parts = [rf"\section*{{{escaped(document.title)}}}"]
    facts = [f"{name}: {value}" for name, value in document.facts.items()]
    parts.append(_list(facts))
    for section in document.sections:
        inner = list(_blocks(section.blocks))
        if inner:
            parts += [rf"\section{{{escaped(section.title)}}}", *inner]
    return _HEAD + "\n\n".join(parts) + "\n\\end{document}\n"


def escaped(text: str) -> str:
    """Returns text that LaTeX sets as it is."""
    return "".join(map(_character, " ".join(text.split())))


def _character(one: str) -> str:
    if one in _SPECIAL:
        return _SPECIAL[one]
    if ord(one) < 128:
        return one
    if _is_latin(one):
        return one
    return rf"\ifpdftex{{U+{ord(one):04X}}}\else{{{one}}}\fi"


def _is_latin(one: str) -> bool:
    """Tells whether T1's fonts have a letter."""
    return ord(one) < 0x180 and unicodedata.category(one).startswith("L")


def _blocks(blocks: Sequence[Block]) -> Iterator[str]:
    for one in blocks:
        if isinstance(one, Text):
            yield escaped(one.text)
        elif isinstance(one, Points) and one.items:
            yield _list(one.items)
        elif isinstance(one, Listing):
            yield _listing(one.text)
        elif isinstance(one, Table) and not one.long:
            yield _table(one)
        elif isinstance(one, Fold):
            yield from _blocks(one.blocks)


def _list(items: Sequence[str]) -> str:
    lines = "\n".join(rf"\item {escaped(one)}" for one in items)
    return f"\\begin{{itemize}}\n{lines}\n\\end{{itemize}}"


def _listing(text: str) -> str:
    """Returns lines in typewriter, each escaped: `verbatim` could be ended."""
    lines = [
        escaped(line).replace("{-}", "-{}") if line.strip() else ""
        for line in text.rstrip().splitlines()
    ]
    indents = [len(line) - len(line.lstrip()) for line in text.splitlines()]
    shown = [
        rf"\mbox{{}}\hspace*{{{0.5 * indent:g}em}}{line}\\"
        for indent, line in zip(indents, lines, strict=False)
    ]
    body = "\n".join(shown)
    return (
        "{\\footnotesize\\ttfamily\\raggedright\\noindent\n" + body + "\n\\par}"
    )


def _table(table: Table) -> str:
    size = _size(table)
    columns = _alignment(table)
    caption = escaped(" ".join([table.caption, *table.notes]))
    head = rf"{_heads(table)} \midrule"
    body = "\n".join(map(_row, table.cells))
    label = rf"\label{{tab:{table.name}}}"
    if len(table.rows) > _FLOATING:
        return (
            f"{{{size}\n\\begin{{longtable}}{{{columns}}}\n"
            f"\\caption{{{caption}}}{label}\\\\\n\\toprule\n{head}\n\\endhead\n"
            f"\\bottomrule\n\\endfoot\n{body}\n\\end{{longtable}}}}"
        )
    return (
        f"\\begin{{table}}[H]\n\\centering{size}\n\\caption{{{caption}}}{label}\n"
        f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head}\n{body}\n"
        "\\bottomrule\n\\end{tabular}\n\\end{table}"
    )


def _heads(table: Table) -> str:
    """Returns the names of columns, those over numbers a word a line."""
    shown = [
        _stacked(name) if is_number else escaped(name)
        for name, is_number in zip(
            table.columns, table.are_numbers, strict=True
        )
    ]
    return " & ".join(f"{{{one}}}" for one in shown) + r" \\"


def _stacked(name: str) -> str:
    # Braces: a line that begins with [ would be an option of \\.
    lines = [f"{{{escaped(word)}}}" for word in name.split()]
    if len(lines) < 2:
        return escaped(name)
    return r"\shortstack[r]{" + r"\\".join(lines) + "}"


def _size(table: Table) -> str:
    """Returns a size in which its widest lines fit between the margins."""
    widths = []
    for number, name in enumerate(table.columns):
        words = name.split() if table.are_numbers[number] else [name]
        texts = [*words, *(row[number].text for row in table.cells)]
        widths.append(min(max(map(len, texts), default=0), _WIDEST) + 1.5)
    for size, room in ((r"\footnotesize", 110), (r"\scriptsize", 132)):
        if sum(widths) <= room:
            return size
    return r"\tiny\setlength{\tabcolsep}{2pt}"


def _alignment(table: Table) -> str:
    """Numbers are set right, text left, and long text in a narrow column."""
    found = []
    share = min(0.3, 1.2 / len(table.columns))
    for number in range(len(table.columns)):
        cells = [row[number] for row in table.cells]
        if any(len(one.text) > _WIDEST for one in cells):
            found.append(rf"p{{{share:.2f}\linewidth}}")
        elif number < table.headers or all(x.value is None for x in cells):
            found.append("l")
        else:
            found.append("r")
    return "".join(found)


def _row(cells: Sequence[Cell]) -> str:
    return _line([one.text for one in cells], [one.strong for one in cells])


def _line(texts: Sequence[str], strong: Sequence[bool] = ()) -> str:
    marks = list(strong) or [False] * len(texts)
    shown = [
        rf"\textbf{{{escaped(text)}}}" if mark else escaped(text)
        for text, mark in zip(texts, marks, strict=True)
    ]
    # Braces: a row that begins with [ would be an option of \\.
    return " & ".join(f"{{{one}}}" for one in shown) + r" \\"

"""A heat map as pixels, for viewers that show no HTML."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from xltransfer.report import colours
from xltransfer.report.document import Cell, Table

_LINE, _SIZE, _ROOM = 22, 13, 10
_PAPER, _INK = (255, 255, 255), (22, 25, 29)


def picture(table: Table) -> UInt8[np.ndarray, "height width 3"]:
    """Returns a table with its shades as an image."""
    font = ImageFont.load_default(_SIZE)
    rows = [[Cell(one) for one in table.columns], *table.cells]
    widths = [
        int(max(font.getlength(_plain(row[number].text)) for row in rows))
        + _ROOM
        for number in range(len(table.columns))
    ]
    size = sum(widths) + _ROOM, _LINE * len(rows)
    image = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(image)
    for line, row in enumerate(rows):
        left = _ROOM // 2
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            box = (left, line * _LINE, left + width - 1, (line + 1) * _LINE - 2)
            is_label = number < table.headers
            _draw_cell(draw, cell, box, font, is_label)
            left += width
    return np.asarray(image)


def _draw_cell(
    draw: ImageDraw.ImageDraw,
    cell: Cell,
    box: tuple[int, int, int, int],
    font: ImageFont.FreeTypeFont,
    is_label: bool,
) -> None:
    ground = _PAPER if cell.shade is None else colours.colour(cell.shade)
    draw.rectangle(box, fill=ground)
    ink = _INK if cell.shade is None else colours.ink(ground)
    left, top, right, bottom = box
    place = left + 2 if is_label else (left + right) / 2
    draw.text(
        (place, (top + bottom) / 2),
        _plain(cell.text),
        fill=ink,
        font=font,
        anchor="lm" if is_label else "mm",
    )


def _plain(text: str) -> str:
    """Returns text in letters that the built-in font has."""
    return text.replace("−", "-").replace("†", "+").replace("–", "-")

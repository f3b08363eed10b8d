"""A diverging scale from orange (below) to blue (above), for light and dark.

Orange and blue are told apart with every common kind of colour blindness. Text
on a colour is black or white, whichever has more contrast.
"""

from collections.abc import Iterator, Sequence

Colour = tuple[int, int, int]

STEPS = 10
_LIGHT, _DARK = "light", "dark"
# From no effect to full shade.
_RAMPS: dict[tuple[str, str], Sequence[str]] = {
    (_LIGHT, "up"): ("#ffffff", "#8fbfe3", "#0b57a4"),
    (_LIGHT, "down"): ("#ffffff", "#f5b36b", "#a34700"),
    (_DARK, "up"): ("#171a1f", "#1f5a91", "#7cc0ff"),
    (_DARK, "down"): ("#171a1f", "#8a4a10", "#ffb468"),
}
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


def shade_class(shade: float) -> str:
    """Returns the CSS class of a shade from -1 to 1: `u1` … `u10`, `d3`, `z`."""
    step = round(min(abs(shade), 1.0) * STEPS)
    return "z" if not step else f"{'u' if shade > 0 else 'd'}{step}"


def colour(shade: float, theme: str = _LIGHT) -> Colour:
    """Returns the colour of a shade from -1 to 1."""
    ramp = [_rgb(one) for one in _RAMPS[theme, "up" if shade > 0 else "down"]]
    place = min(abs(shade), 1.0) * (len(ramp) - 1)
    first = min(int(place), len(ramp) - 2)
    pairs = zip(ramp[first], ramp[first + 1], strict=True)
    red, green, blue = (
        round(low + (high - low) * (place - first)) for low, high in pairs
    )
    return red, green, blue


def ink(ground: Colour) -> Colour:
    """Returns black or white, whichever is easier to read on a colour."""
    return max(_BLACK, _WHITE, key=lambda one: contrast(one, ground))


def contrast(one: Colour, other: Colour) -> float:
    """Returns the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def stylesheet() -> str:
    """Returns CSS classes of all shades, in the light and the dark theme."""
    light, dark = "\n".join(_rules(_LIGHT)), "\n".join(_rules(_DARK))
    return (
        f"{light}\n@media (prefers-color-scheme: dark) {{\n"
        f":root:not([data-theme=light]) {{\n{dark}\n}}\n}}\n"
        f":root[data-theme=dark] {{\n{dark}\n}}\n"
    )


def _rules(theme: str) -> Iterator[str]:
    for letter, sign in (("u", 1), ("d", -1)):
        for step in range(1, STEPS + 1):
            ground = colour(sign * step / STEPS, theme)
            yield (
                f".{letter}{step} {{ background: {_hex(ground)}; "
                f"color: {_hex(ink(ground))} }}"
            )


def _luminance(one: Colour) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in one)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _rgb(text: str) -> Colour:
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def _hex(one: Colour) -> str:
    return f"#{bytes(one).hex()}"

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xltransfer.report import colours

SHADES = st.floats(-2, 2)
THEMES = st.sampled_from(["light", "dark"])


@given(SHADES, THEMES)
def test_text_can_be_read_on_every_shade(shade, theme):
    """WCAG 2.2 asks for a contrast of 4.5 for text of this size."""
    ground = colours.colour(shade, theme)
    assert colours.contrast(colours.ink(ground), ground) >= 4.5


def test_contrast_is_that_of_wcag():
    assert colours.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert colours.contrast((7, 7, 7), (7, 7, 7)) == 1
    # Grey #777777 on white, a known example just below the limit: 4.48.
    grey = colours.contrast((0x77, 0x77, 0x77), (255, 255, 255))
    assert grey == pytest.approx(4.48, abs=0.005)


@given(st.floats(0.3, 1), THEMES)
def test_above_and_below_differ_in_blue_which_the_colour_blind_see(
    shade, theme
):
    """Red-green blindness leaves blue against yellow as it is."""
    up, down = colours.colour(shade, theme), colours.colour(-shade, theme)
    assert up[2] > up[0] and down[0] > down[2]
    assert up[2] - down[2] > 40


@given(SHADES)
def test_a_class_tells_sign_and_strength(shade):
    name = colours.shade_class(shade)
    step = min(round(abs(shade) * 10), 10)
    if step == 0:
        assert name == "z"
    else:
        assert name == f"{'u' if shade > 0 else 'd'}{step}"
        assert f".{name} {{" in colours.stylesheet()

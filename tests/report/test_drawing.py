from xml.etree import ElementTree

from hypothesis import assume, given
from hypothesis import strategies as st

from xltransfer.report import drawing
from xltransfer.report.drawing import Axis

NUMBERS = st.floats(-1e4, 1e4)


@given(NUMBERS, NUMBERS, st.integers(2, 8))
def test_ticks_lie_within_and_are_about_as_many_as_wanted(low, high, count):
    assume(high - low > 1e-3)
    axis = Axis(low, high, 0, 100)
    ticks = axis.ticks(count)
    slack = 1e-6 * (high - low)
    assert all(low - slack <= one <= high + slack for one in ticks)
    assert len(ticks) <= count + 1
    assert ticks == sorted(ticks)


def test_ticks_are_round():
    assert Axis(-4.2, 4.2, 0, 1).ticks(3) == [-3, 0, 3]
    assert Axis(0, 1, 0, 1).ticks(2) == [0, 0.5, 1]


@given(NUMBERS)
def test_a_number_outside_is_drawn_at_the_nearer_end(value):
    axis = Axis(-10, 10, 50, 150)
    place = axis(value)
    assert 50 <= place <= 150
    if axis.holds(value):
        # Ten units are fifty places.
        assert abs(place - (100 + 5 * value)) < 1e-6


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1)
)
def test_any_text_makes_well_formed_markup(text):
    made = drawing.drawing(
        10,
        10,
        text,
        [
            drawing.text((1, 2), text),
            drawing.path([(0, 0), (1, 1)], "curve", text),
        ],
    )
    root = ElementTree.fromstring(made)
    assert root.attrib["aria-label"] == text
    assert root[0].text == text
    assert root[1][0].text == text


def test_long_text_is_cut_to_the_room_there_is():
    assert drawing.fitted("short", 100) == "short"
    cut = drawing.fitted("a label that is far too long for this", 100)
    assert cut.endswith("…") and len(cut) <= 100 / (0.66 * 11)

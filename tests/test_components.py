"""What must be predicted beside a dataset, and what needs no head."""

import pytest

import tasks
from xltransfer.components import (
    Component,
    companion_of,
    is_embedded,
    with_companions,
)


def part(name: str, split: str = "test") -> Component:
    return Component(tasks.dataset(name), split)


def test_mentions_of_all_languages_seek_in_one_set_of_entities():
    pool = part("mewslix_entities.mul")
    for code in ("ar", "uk"):
        assert companion_of(part(f"mewslix.{code}")) == pool
        assert companion_of(part(f"mewslix.{code}", "dev")) == pool


def test_a_threshold_is_chosen_on_the_dev_set():
    assert companion_of(part("bucc2018.de")) == part("bucc2018.de", "dev")
    assert companion_of(part("bucc2018.de", "dev")) is None


def test_others_need_nothing_else():
    names = ("tatoeba.sw", "lareqa.mul", "xnli.sw", "squad.en")
    parts = [part(name) for name in names]
    assert list(with_companions(parts)) == parts
    one = part("bucc2018.zh")
    assert list(with_companions([one])) == [one, companion_of(one)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tatoeba.sw", True),
        ("bucc2018.ru", True),
        ("lareqa.mul", False),
        ("xnli.sw", False),
        ("text.sw", False),
    ],
)
def test_translations_are_found_by_any_encoder(name, expected):
    assert is_embedded(part(name)) == expected

"""A study of 10 intermediates x 10 targets x 3 seeds, and direct transfer."""

import dataclasses

import trivial

from xltransfer import study

LANGUAGES = ("de", "el", "es", "fa", "fr", "hi", "id", "ru", "sw", "tr")


def load() -> study.Study:
    """Returns the study: the tiny one's phases, on other languages' data."""
    small = trivial.load("Study.controls={}")
    (target,) = small.targets.values()
    after = {one: f"miniature_inference.{one}" for one in LANGUAGES}
    return dataclasses.replace(
        small,
        pretrain=None,
        intermediates={"none": None, **after},
        targets={
            one: dataclasses.replace(
                target,
                train=f"miniature_nli.{one}",
                evaluation="miniature_nli.sw",
            )
            for one in LANGUAGES
        },
        seeds=(1, 2, 3),
    )

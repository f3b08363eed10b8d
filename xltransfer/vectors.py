"""How an encoder's own vectors are made, and which side seeks the other.

For Tatoeba and BUCC, which need no training. The same encoder gives very
different numbers at another layer, so each number says at which.
"""

import dataclasses
from typing import Any, Literal

from xltransfer.errors import InputError, nearest

Pooling = Literal["mean", "first_token"]
Direction = Literal["from_english", "to_english"]
# Fields of a record, so that it can be hashed.
Record = tuple[tuple[str, Any], ...]

XTREME, XTREME_R = "xtreme", "xtreme_r"
# Both scripts (google-research/xtreme, scripts/run_tatoeba.sh) average the same
# layer and let English seek. XTREME takes the encoder as pretrained, XTREME-R
# after fine-tuning on SQuAD's spans. Problem that it must have learnt, if any:
PRESETS: dict[str, str | None] = {XTREME: None, XTREME_R: "span"}
# What a record says of them.
FIELDS = ("preset", "layer", "pooling", "direction")


@dataclasses.dataclass(frozen=True)
class Vectors:
    """Which hidden states are pooled how, and who seeks.

    Attributes:
      preset: whose setting it is; the others are in place of the preset's.
      layer: whose output: 0 the embeddings', i the i-th layer's, -1 the last
        one's; by default `xtreme_layer`.
      pooling: `mean` over all tokens, markers included, or `first_token`.
      direction: of Tatoeba's pairs: `from_english`, each English sentence
        among the others, or `to_english`. BUCC's are sought both ways.
    """

    preset: str = XTREME
    layer: int | None = None
    pooling: Pooling = "mean"
    direction: Direction = "from_english"

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise InputError(
                f"Vectors.preset is {self.preset!r}; one of "
                f"{', '.join(PRESETS)}.{nearest(self.preset, PRESETS)}"
            )

    def layer_of(self, layers: int) -> int:
        """Returns the layer's number in a model of so many.

        Raises:
          InputError: if it has no such layer.
        """
        if self.layer is None:
            return xtreme_layer(layers)
        if not -layers - 1 <= self.layer <= layers:
            raise InputError(
                f"Vectors.layer is {self.layer}; the model has {layers}."
            )
        return self.layer % (layers + 1)

    def record(self, layers: int, both_ways: bool = False) -> Record:
        """Returns what a number of such vectors must carry.

        Where anything is not the preset's own, the preset is `custom`.

        Args:
          layers: of the model.
          both_ways: whether pairs are sought so, whatever the direction is.
        """
        layer = self.layer_of(layers)
        direction = "both" if both_ways else self.direction
        own = (
            layer == xtreme_layer(layers)
            and self.pooling == "mean"
            and direction != "to_english"
        )
        return (
            ("preset", self.preset if own else "custom"),
            ("layer", layer),
            ("pooling", self.pooling),
            ("direction", direction),
        )


STANDARD = Vectors()


def dual_encoder(pooling: str) -> Record:
    """Returns what a number of a trained dual encoder carries: no choice."""
    return (("preset", "dual_encoder"), ("pooling", pooling))


def xtreme_layer(layers: int) -> int:
    """Returns the layer whose output XTREME averages for Tatoeba and BUCC.

    Its scripts take the 8th of mBERT's 12 and the 14th of XLM-R large's 24
    (0 is the embeddings); of other depths, the one as far up as the latter.
    """
    return {12: 8, 24: 14}.get(layers, max(1, round(layers * 14 / 24)))

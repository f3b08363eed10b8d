"""Text to text with mT5, predicting by generating."""

import dataclasses

from jaxtyping import Array, Int

from xltransfer import decoding
from xltransfer.objectives.objective import Batch, Params
from xltransfer.objectives.text_to_text import TextToText


@dataclasses.dataclass(frozen=True)
class Generation(TextToText):
    """Trains as `TextToText` does; predicts the most probable next pieces.

    Attributes:
      length: T, the most pieces of an output, its end included.
    """

    length: int = 0

    def predict(self, params: Params, batch: Batch) -> Int[Array, "B S T"]:
        """Returns greedily decoded ids of each slot, padded with 0."""
        return decoding.greedy(
            self.model,
            params,
            batch["encoder_input_tokens"],
            batch["encoder_segment_ids"],
            slots=batch["slots"].shape[1],
            length=self.length,
        )

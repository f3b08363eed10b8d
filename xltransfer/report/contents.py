"""What the sections of a report are written from."""

import dataclasses
from collections.abc import Sequence

from xltransfer.report.boards import Board
from xltransfer.report.study_folder import StudyFolder
from xltransfer.statistics.conclusions import Conclusions


@dataclasses.dataclass(frozen=True)
class Contents:
    """A study's files, its tables, and what was concluded from them."""

    folder: StudyFolder
    boards: Sequence[Board]
    conclusions: Conclusions

    @property
    def zero_shot(self) -> list[Board]:
        """The tables under rules that saw English alone."""
        return [one for one in self.boards if not one.why_not_zero_shot]

    @property
    def panels(self) -> list[tuple[str, list[Board]]]:
        """Tables that belong side by side: one model and rule, all targets."""
        found: dict[str, list[Board]] = {}
        for one in sorted(self.boards, key=lambda x: bool(x.why_not_zero_shot)):
            title = one.selection
            if one.why_not_zero_shot:
                title += f", NOT ZERO-SHOT: {one.why_not_zero_shot}"
            found.setdefault(f"{one.model}, {title}", []).append(one)
        return list(found.items())

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
        """Tables that belong side by side: of one model and method, all targets.

        Targets may have rules of their own. One of several rules is put with
        the others' first ones, the next with the second ones; none that is
        zero-shot with one that is not.
        """
        found: dict[tuple[str, str, int], list[Board]] = {}
        for board in sorted(
            self.boards, key=lambda one: bool(one.why_not_zero_shot)
        ):
            apart = board.selection if board.why_not_zero_shot else ""
            number = 0
            while any(
                (one.target, one.metric) == (board.target, board.metric)
                for one in found.get((board.arm, apart, number), ())
            ):
                number += 1
            found.setdefault((board.arm, apart, number), []).append(board)
        return [
            (_title(arm, boards), boards) for (arm, *_), boards in found.items()
        ]


def _title(arm: str, boards: Sequence[Board]) -> str:
    """Returns model, method and rules, with what they are the rules of."""
    rules: dict[str, dict[str, None]] = {}
    for one in boards:
        rules.setdefault(one.selection, {})[one.target] = None
    why = boards[0].why_not_zero_shot
    if len(rules) > 1:
        told = "; ".join(f"{k} for {', '.join(v)}" for k, v in rules.items())
    else:
        told = next(iter(rules)) + f", NOT ZERO-SHOT: {why}" * bool(why)
    return f"{arm}, {told}"

"""Where raw examples come from: official files and generators."""

from tasks.sources.delimited import Delimited
from tasks.sources.generated import Generated
from tasks.sources.json_lines import JsonLines
from tasks.sources.parallel import Concatenated, FirstPresent, Parallel
from tasks.sources.plain_text import PlainText
from tasks.sources.qamr import Qamr
from tasks.sources.question_lines import QuestionLines
from tasks.sources.source import Source
from tasks.sources.squad_json import SquadJson

__all__ = [
    "Concatenated",
    "Delimited",
    "FirstPresent",
    "Generated",
    "JsonLines",
    "Parallel",
    "PlainText",
    "Qamr",
    "QuestionLines",
    "Source",
    "SquadJson",
]

"""Where raw examples come from: official files and generators."""

from tasks.sources.alternatives import Alternatives
from tasks.sources.answer_sentences import AnswerSentences, XquadR
from tasks.sources.checklist import Checklist
from tasks.sources.conllu import Treebanks
from tasks.sources.delimited import Delimited
from tasks.sources.generated import Generated
from tasks.sources.json_array import JsonArray
from tasks.sources.json_lines import JsonLines
from tasks.sources.mentions import Entities, MentionPairs, Mentions
from tasks.sources.nested_lines import NestedLines
from tasks.sources.parallel import Concatenated, Parallel
from tasks.sources.plain_text import PlainText
from tasks.sources.prepared import Prepared
from tasks.sources.qamr import Qamr
from tasks.sources.question_lines import QuestionLines
from tasks.sources.sentence_pairs import MinedPairs, SortedPairs
from tasks.sources.shaped import (
    Composed,
    Placed,
    Portion,
    Recoded,
    Selected,
    Without,
)
from tasks.sources.source import Source
from tasks.sources.squad_json import SquadJson
from tasks.sources.table import Table
from tasks.sources.tagged import Tagged
from tasks.sources.xml_pairs import XmlPairs

__all__ = [
    "Alternatives",
    "AnswerSentences",
    "Checklist",
    "Composed",
    "Concatenated",
    "Delimited",
    "Entities",
    "Generated",
    "JsonArray",
    "JsonLines",
    "MentionPairs",
    "Mentions",
    "MinedPairs",
    "NestedLines",
    "Parallel",
    "Placed",
    "PlainText",
    "Portion",
    "Prepared",
    "Qamr",
    "QuestionLines",
    "Recoded",
    "Selected",
    "SortedPairs",
    "Source",
    "SquadJson",
    "Table",
    "Tagged",
    "Treebanks",
    "Without",
    "XmlPairs",
    "XquadR",
]

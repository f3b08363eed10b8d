"""Where raw examples come from: official files and generators."""

from tasks.sources.alternatives import Alternatives
from tasks.sources.conllu import Treebanks
from tasks.sources.delimited import Delimited
from tasks.sources.generated import Generated
from tasks.sources.json_lines import JsonLines
from tasks.sources.parallel import Concatenated, Parallel
from tasks.sources.plain_text import PlainText
from tasks.sources.source import Source
from tasks.sources.tagged import Tagged

__all__ = [
    "Alternatives",
    "Concatenated",
    "Delimited",
    "Generated",
    "JsonLines",
    "Parallel",
    "PlainText",
    "Source",
    "Tagged",
    "Treebanks",
]

"""MultiCheckList: does a model that answers questions understand them?

A diagnostic and no benchmark: six tests of XTREME-R (Ruder et al. 2021) for a
model trained on SQuAD, made from translated templates. What counts is the share
of failed cases, `xltransfer.metrics.checklist.failure_rates`.
"""

from tasks.languages import LANGUAGES
from tasks.row import Dataset, Split
from tasks.sources import Checklist

# The table has no Romanian, but Hausa, which XTREME-R has not.
MULTICHECKLIST_LANGUAGES = tuple(code for code in LANGUAGES if code != "ro")

DATASETS = tuple(
    Dataset(
        name=f"multichecklist.{code}",
        problem="span",
        language=code,
        splits=(
            Split(
                "test",
                Checklist("multichecklist/checklist_templates.tsv", code),
            ),
        ),
        metrics=("squad",),
        citation="Ruder et al. 2021, XTREME-R; Ribeiro et al. 2020, CheckList",
        url="https://github.com/google-research/xtreme",
        licence="Apache-2.0",
        translation="native" if code == "en" else "human",
    )
    for code in MULTICHECKLIST_LANGUAGES
)

"""MultiCheckList: does a model that answers questions understand them?

A diagnostic and no benchmark: six tests of XTREME-R (Ruder et al. 2021) for a
model trained on SQuAD, made from translated templates. What counts is the share
of failed cases in each of them, `xltransfer.metrics.checklist`.
"""

from tasks.row import Dataset, Split
from tasks.sources import Checklist
from xltransfer.metrics.checklist import LANGUAGES

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
        metrics=(f"checklist_{code}",),
        citation="Ruder et al. 2021, XTREME-R; Ribeiro et al. 2020, CheckList",
        url="https://github.com/google-research/xtreme",
        licence="Apache-2.0",
        translation="native" if code == "en" else "human",
    )
    # The table has no Romanian, but Hausa, which XTREME-R has not.
    for code in LANGUAGES
)

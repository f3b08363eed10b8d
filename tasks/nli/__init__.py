"""Natural language inference: does the premise entail the hypothesis?"""

from tasks.nli.asia import (
    CMNLI,
    FARSTAIL,
    INDONLI,
    INDONLI_EXPERT,
    JNLI,
    JSICK,
    JSNLI,
    KLUE_NLI,
    KORNLI,
    OCNLI,
    OCNLI_50K,
    PARSINLU,
)
from tasks.nli.binary import BINARY
from tasks.nli.english import CONJNLI, ENGLISH, SNLI
from tasks.nli.europe import ASSIN, CDSC, NLI_TR, RCB
from tasks.nli.rows import FIELDS, LABELS, three_way
from tasks.nli.translated import NLI_26LANG
from tasks.nli.xnli import (
    AMERICASNLI,
    ESXNLI,
    XNLI,
    XNLI_LANGUAGES,
    XNLI_MT,
    XNLI_TRANSLATED,
)

DATASETS = (
    *XNLI,
    *XNLI_MT,
    *XNLI_TRANSLATED,
    *ESXNLI,
    *AMERICASNLI,
    *ENGLISH,
    OCNLI,
    OCNLI_50K,
    CMNLI,
    KLUE_NLI,
    *KORNLI,
    JNLI,
    JSICK,
    JSNLI,
    FARSTAIL,
    PARSINLU,
    INDONLI,
    INDONLI_EXPERT,
    ASSIN,
    *NLI_TR,
    CDSC,
    RCB,
    *NLI_26LANG,
    *BINARY,
)

__all__ = [
    "CONJNLI",
    "DATASETS",
    "FARSTAIL",
    "FIELDS",
    "INDONLI",
    "LABELS",
    "OCNLI",
    "SNLI",
    "XNLI",
    "XNLI_LANGUAGES",
    "three_way",
]

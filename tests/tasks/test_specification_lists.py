"""Every dataset of the specification has a row.

The lists are those of the specification of the benchmark (sections 1.1, 2, 4
and 7), copied by hand; a name there, here its row. Languages are written out.
"""

import pytest

import tasks

# Section 1.1, evaluate.py of XTREME and XTREME-R.
TARGETS = {
    "xnli": "ar bg de el en es fr hi ru sw th tr ur vi zh",
    "pawsx": "de en es fr ja ko zh",
    "xcopa": "et ht id it qu sw ta th tr vi zh",
    "udpos": "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr "
    "nl pt ru ta te th tl tr ur vi yo zh lt pl uk wo ro",
    "panx": "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr "
    "it pt es bg ru ja ka ko th sw yo my zh kk tr et fi hu qu pl uk az lt pa "
    "gu ro",
    "tatoeba": "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it "
    "pt es bg ru ja ka ko th sw zh kk tr et fi hu az lt pl uk ro",
    "xquad": "en es de el ru tr ar vi th zh hi ro",
    "mlqa": "en es de ar hi vi zh",
    "tydiqa": "en ar bn fi id ko ru sw te",
    "bucc2018": "de fr ru zh",
    "mewslix": "ar de en es fa ja pl ro ta tr uk",
    "lareqa": "ar de el en es hi ru th tr vi zh mul",
}
# Sections 2 and 4: what is trained on in English.
ENGLISH = {
    "ANLI": ("anli_r1.en", "anli_r2.en", "anli_r3.en"),
    "MNLI": ("mnli.en", "mnli_mismatched.en"),
    "SNLI": ("snli_1_0.en",),
    "QQP": ("qqp.en",),
    "SQuAD v2.0": ("squad2.en",),
    "SQuAD v1.1": ("squad.en", "squad_sentences.en"),
    "HellaSwag": ("hellaswag.en",),
    "CCG": ("ccg.en",),
    "Cosmos QA": ("cosmosqa.en",),
    "CommonsenseQA": ("commonsenseqa.en",),
    "Social IQa": ("siqa.en",),
    "COPA": ("copa.en",),
    "Wikipedia mentions": ("mewslix_pairs.en", "mewslix_entities.mul"),
}
# The data that lie beside the specification.
BESIDE = {
    "SNLI, ConjNLI, SICK": ("snli.en", "conjnli.en", "sick.en"),
    "counterfactual, breaking, MED": (
        "cad_nli.en",
        "breaking_nli.en",
        "med.en",
    ),
    "CODAH, QAMR": ("codah.en", "qamr.en"),
    "SQuADShifts": tuple(
        f"squadshifts_{part}.en"
        for part in ("new_wiki", "nyt", "reddit", "amazon")
    ),
    "esXNLI": ("esxnli.es", "esxnli.en"),
    "MasakhaNER": ("masakhaner.sw", "masakhaner.wo", "masakhaner.yo"),
}
# Section 7.1 to 7.3, by their names there.
NATIVE_AND_TRANSLATED = {
    "XNLI machine-translated MNLI": ("xnli_mt.ar", "xnli_translated.zh"),
    "OCNLI": ("ocnli.zh", "ocnli_50k.zh"),
    "CMNLI": ("cmnli.zh",),
    "KLUE-NLI": ("klue_nli.ko",),
    "KorNLI": ("kornli_mnli.ko", "kornli_snli.ko", "kornli_xnli.ko"),
    "JNLI": ("jnli.ja",),
    "JSICK": ("jsick.ja",),
    "JSNLI": ("jsnli.ja",),
    "FarsTail": ("farstail.fa",),
    "ParsiNLU entailment": ("parsinlu_entailment.fa",),
    "IndoNLI": ("indonli.id", "indonli_expert.id"),
    "WReTE": ("wrete.id",),
    "ASSIN": ("assin.pt",),
    "ASSIN 2": ("assin2.pt",),
    "NLI-TR": ("snli_tr.tr", "multinli_tr.tr"),
    "BBC Hindi NLI": ("bbc_nli.hi",),
    "HDA Hindi NLI": ("hda_nli.hi",),
    "NewsPH-NLI": ("newsph_nli.tl",),
    "TERRa / RCB": ("terra.ru", "rcb.ru"),
    "CDSC-E": ("cdsc.pl",),
    "AmericasNLI": tuple(
        f"americasnli.{code}"
        for code in [
            "aym",
            "bzd",
            "cni",
            "gn",
            "hch",
            "nah",
            "oto",
            "quy",
            "shp",
            "tar",
        ]
    ),
    "multilingual-NLI-26lang-2mil7": tuple(
        f"nli_26lang.{code}"
        for code in [
            "zh",
            "ja",
            "ar",
            "ko",
            "de",
            "fr",
            "es",
            "pt",
            "hi",
            "id",
            "it",
            "tr",
            "ru",
            "bn",
            "ur",
            "mr",
            "ta",
            "vi",
            "fa",
            "pl",
            "uk",
            "nl",
            "sv",
            "he",
            "sw",
            "ps",
        ]
    ),
    "CMRC 2018": ("cmrc2018.zh",),
    "DRCD": ("drcd.zh",),
    "C3": ("c3.zh",),
    "SberQuAD": ("sberquad.ru",),
    "DaNetQA / MuSeRC / RuCoS / PARus": (
        *("danetqa.ru", "muserc.ru", "rucos.ru", "parus.ru"),
    ),
    "FQuAD": ("fquad.fr",),
    "PIAF": ("piaf.fr",),
    "GermanQuAD": ("germanquad.de",),
    "KorQuAD 1.0": ("korquad.ko",),
    "KorQuAD 2.x": ("korquad2.ko",),
    "KLUE-MRC": ("klue_mrc.ko",),
    "JSQuAD": ("jsquad.ja",),
    "ARCD": ("arcd.ar",),
    "SQuAD-es / -it / -pt": ("squad_es.es", "squad_it.it", "squad_pt.pt"),
    "XTREME SQuAD translate-train": tuple(
        f"xtreme_squad.{code}"
        for code in ["ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh"]
    ),
    "TyDiQA-GoldP non-English": ("tydiqa.fi", "xtreme_tydiqa.fi"),
    "thaiqa_squad": ("thaiqa_squad.th",),
    "iapp_wiki_qa_squad": ("iapp_wiki_qa.th",),
    "ParsiNLU reading": ("parsinlu_reading.fa",),
    "EXAMS": ("exams.mul",),
    "ElkarHizketak": ("elkarhizketak.eu",),
    "PAWS-X translated train": ("pawsx.de", "pawsx_translated.zh"),
    "XCOPA val": ("xcopa.qu",),
    "JCommonsenseQA": ("jcommonsenseqa.ja",),
    "KoBEST": ("kobest_boolq.ko", "kobest_copa.ko", "kobest_hellaswag.ko"),
    "IndicGLUE COPA": tuple(f"indicglue_copa.{c}" for c in ("hi", "gu", "mr")),
    "X-CSQA / X-CODAH": ("xcsqa.sw", "xcodah.sw"),
    "ParsiNLU multiple choice": ("parsinlu_mc.fa",),
}
LISTS = {**ENGLISH, **BESIDE, **NATIVE_AND_TRANSLATED}
# Intermediates that are not English: problem -> languages to train in.
INTERMEDIATES = {
    "classification": "zh ko ja fa id pt tr ru hi pl tl",
    "span": "zh ko ja ru de fr ar th es it",
    "multiple_choice": "zh ja ko fa ru",
}


@pytest.mark.parametrize("family", TARGETS)
def test_targets_have_every_language(family):
    for code in TARGETS[family].split():
        row = tasks.dataset(f"{family}.{code}")
        assert row.language == code
        assert "test" in [split.name for split in row.splits]


@pytest.mark.parametrize("name", LISTS)
def test_every_dataset_of_the_specification_has_a_row(name):
    for row in map(tasks.dataset, LISTS[name]):
        assert row.splits and row.citation and row.url and row.licence


@pytest.mark.parametrize("problem", INTERMEDIATES)
def test_there_is_something_to_train_on_in_every_language(problem):
    found = {
        row.language
        for row in tasks.datasets().values()
        if row.problem == problem
        and not row.name.startswith("miniature")
        and "train" in [split.name for split in row.splits]
    }
    assert set(INTERMEDIATES[problem].split()) <= found


def test_mixtures_have_the_names_of_the_benchmarks():
    for name in ("xtreme", "xtreme_r", "phang_nine", "anli_plus", *TARGETS):
        assert tasks.mixture(name).components


def test_translations_of_english_are_marked_so():
    for name in ("xnli_mt.de", "xnli_translated.de", "xtreme_squad.de"):
        row = tasks.dataset(name)
        assert row.translation == "machine" and row.overlap

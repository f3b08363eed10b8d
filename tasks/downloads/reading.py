"""Reading and choosing in other languages than English, most of it native."""

from tasks.downloads.download import (
    Download,
    Place,
    archive,
    by_hand,
    files,
    github,
    hub,
    russian,
)

_EXAMS = "ee4a256bf9b022de2870ed7dfa878a18d90a6ca2"
_PARSINLU = "a3b08d0b93ca84e0017e2f490a2aa3ab36c79885"
_KLUE = "3efd98708a40ff49251fddde35453f8fbb11f536"

READING = (
    Download(
        "cmrc2018",
        github(
            "ymcui/cmrc2018",
            "c0eb1b6ba219847457e6af3180da722bbeb656af",
            *(
                f"squad-style-data/cmrc2018_{part}.json"
                for part in ("train", "dev", "trial")
            ),
            to="cmrc2018",
        ),
        "CC BY-SA 4.0",
        "https://github.com/ymcui/cmrc2018",
    ),
    Download(
        "drcd",
        github(
            "DRCKnowledgeTeam/DRCD",
            "b944790de5af02c5fbb7cd9cb1473d27d169eebf",
            *(f"DRCD_{part}.json" for part in ("training", "dev", "test")),
            to="drcd",
        ),
        "CC BY-SA 3.0",
        "https://github.com/DRCKnowledgeTeam/DRCD",
    ),
    Download(
        "c3",
        github(
            "nlpdata/c3",
            "1f41682ebb684d63afe7c583c8f38e137fc8a826",
            *(
                f"data/c3-{kind}-{part}.json"
                for kind in ("d", "m")
                for part in ("train", "dev", "test")
            ),
            to="c3",
            strip="data/",
        ),
        "non-commercial research",
        "https://github.com/nlpdata/c3",
    ),
    hub("sberquad", "?", "kuznetsoffandrey/sberquad", "sberquad"),
    russian("DaNetQA"),
    russian("MuSeRC"),
    russian("RuCoS"),
    russian("PARus"),
    by_hand(
        "fquad",
        "CC BY-NC-SA 3.0",
        "https://fquad.illuin.tech",
        "FQuAD is given out through a form on its page. Put train.json and "
        "valid.json at fquad/.",
    ),
    Download(
        "piaf",
        files(
            "https://github.com/etalab-ia/piaf-code/raw/master",
            "piaf-v1.0.json",
            to="piaf",
        ),
        "MIT",
        "https://piaf.etalab.studio",
    ),
    hub("germanquad", "CC BY 4.0", "deepset/germanquad", "germanquad"),
    Download(
        "korquad",
        files(
            "https://korquad.github.io/dataset",
            "KorQuAD_v1.0_train.json",
            "KorQuAD_v1.0_dev.json",
            to="korquad",
        ),
        "CC BY-ND 4.0",
        "https://korquad.github.io",
    ),
    Download(
        "korquad2",
        files(
            "https://github.com/korquad/korquad.github.io/raw/master/dataset",
            *(
                f"KorQuAD_2.1/{part}/KorQuAD_2.1_{part}_{number:02}.zip"
                for part, count in (("train", 13), ("dev", 2))
                for number in range(count)
            ),
            to="korquad",
        ),
        "CC BY-ND 4.0",
        "https://korquad.github.io",
    ),
    Download(
        "klue_mrc",
        github(
            "KLUE-benchmark/KLUE",
            _KLUE,
            "klue_benchmark/klue-mrc-v1.1/klue-mrc-v1.1_train.json",
            "klue_benchmark/klue-mrc-v1.1/klue-mrc-v1.1_dev.json",
            to="klue_mrc",
            strip="klue_benchmark/klue-mrc-v1.1/",
        ),
        "CC BY-SA 4.0",
        "https://klue-benchmark.com",
    ),
    Download(
        "arcd",
        github(
            "husseinmozannar/SOQAL",
            "1229d34aa2b7a0b9a2e4858c9268e68f45d7e3c4",
            "data/arcd-train.json",
            "data/arcd-test.json",
            to="arcd",
            strip="data/",
        ),
        "MIT",
        "https://github.com/husseinmozannar/SOQAL",
    ),
    Download(
        "squad_es",
        github(
            "ccasimiro88/TranslateAlignRetrieve",
            "c84784219785c1fc05884b26081d9b7b4156c019",
            "SQuAD-es-v1.1/train-v1.1-es.json",
            "SQuAD-es-v1.1/dev-v1.1-es.json",
            to="squad_es",
            strip="SQuAD-es-v1.1/",
        )
        + github(
            "ccasimiro88/TranslateAlignRetrieve",
            "c84784219785c1fc05884b26081d9b7b4156c019",
            "SQuAD-es-v2.0/dev-v2.0-es_small.json",
            to="squad_es",
            strip="SQuAD-es-v2.0/",
        ),
        "CC BY 4.0",
        "https://github.com/ccasimiro88/TranslateAlignRetrieve",
    ),
    Download(
        "squad_it",
        github(
            "crux82/squad-it",
            "86a19baebed654d07c4e790c07d39a02ceb6b15f",
            "SQuAD_it-train.json.gz",
            "SQuAD_it-test.json.gz",
            to="squad_it",
        ),
        "CC BY-SA 4.0",
        "https://github.com/crux82/squad-it",
    ),
    by_hand(
        "squad_pt",
        "MIT",
        "https://github.com/nunorc/squad-v1.1-pt",
        "The files lie behind the links of its page. Put "
        "squad-train-v1.1.json and squad-dev-v1.1.json at squad_pt/.",
    ),
    hub("thaiqa", "CC BY-NC-SA", "pythainlp/thaiqa_squad", "thaiqa_squad"),
    Download(
        "iapp_wiki_qa",
        archive(
            "https://github.com/iapp-technology/iapp-wiki-qa-dataset/raw/main/"
            "squad_format/data.zip",
            Place(
                r"(?:.*/)?((?:train|valid|test)\.jsonl)",
                r"iapp_wiki_qa_squad/\1",
            ),
        ),
        "MIT",
        "https://github.com/iapp-technology/iapp-wiki-qa-dataset",
    ),
    Download(
        "parsinlu",
        github(
            "persiannlp/parsinlu",
            "a3b08d0b93ca84e0017e2f490a2aa3ab36c79885",
            *(
                f"data/multiple-choice/{part}.jsonl"
                for part in ("train", "valid")
            ),
            to="parsinlu_mc",
            strip="data/multiple-choice/",
        ),
        "CC BY-NC-SA 4.0",
        "https://github.com/persiannlp/parsinlu",
    ),
    Download(
        "parsinlu_reading",
        github(
            "persiannlp/parsinlu",
            _PARSINLU,
            *(
                f"data/reading_comprehension/{part}.jsonl"
                for part in ("train", "dev", "eval")
            ),
            to="parsinlu_reading_comprehension",
            strip="data/reading_comprehension/",
        ),
        "CC BY-NC-SA 4.0",
        "https://github.com/persiannlp/parsinlu",
    ),
    Download(
        "exams",
        tuple(
            archive(
                "https://raw.githubusercontent.com/mhardalov/exams-qa/"
                f"{_EXAMS}/data/exams/multilingual/{part}.jsonl.tar.gz",
                Place(
                    rf"(?:.*/)?({part}\.jsonl)",
                    r"exams/data/exams/multilingual/\1",
                ),
            )[0]
            for part in ("train", "dev", "test")
        ),
        "CC BY-SA 4.0",
        "https://github.com/mhardalov/exams-qa",
    ),
    hub("elkarhizketak", "CC BY-SA", "HiTZ/elkarhizketak", "elkarhizketak"),
    Download(
        "kobest",
        github(
            "SKT-LSL/KoBEST_datarepo",
            "main",
            *(
                f"v1.0/{name}/{part}.tsv"
                for name in ("BoolQ", "COPA", "HellaSwag")
                for part in ("train", "dev", "test")
            ),
            to="kobest",
        ),
        "CC BY-SA 4.0",
        "https://github.com/SKT-LSL/KoBEST_datarepo",
    ),
    Download(
        "indic_copa",
        archive(
            "https://storage.googleapis.com/ai4bharat-public-indic-nlp-corpora/"
            "evaluations/copa-translated.tar.gz",
            Place(
                r"(?:.*/)?(hi|gu|mr)/((?:train|val|test)\.jsonl)",
                r"indic_glue/copa/\1/\2",
            ),
        ),
        "?",
        "https://ai4bharat.iitm.ac.in/indicglue",
    ),
    Download(
        "xcsr",
        archive(
            "https://inklab.usc.edu/XCSR/xcsr_datasets.zip",
            Place(
                r"(X-CSR_datasets/X-(?:CSQA|CODAH)/\w+/\w+\.jsonl)",
                r"xcsr/\1",
            ),
        ),
        "MIT",
        "https://inklab.usc.edu/XCSR/",
    ),
)

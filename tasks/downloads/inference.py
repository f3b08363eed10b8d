"""Inference data in other languages than English, most of it native."""

from tasks.downloads.download import (
    Download,
    Place,
    archive,
    github,
    hub,
    russian,
)

_JGLUE = "6f071c09316baae89c3d083a90985b4b1cb9968c"
_PARSINLU = "a3b08d0b93ca84e0017e2f490a2aa3ab36c79885"
_KLUE = "3efd98708a40ff49251fddde35453f8fbb11f536"

INFERENCE = (
    Download(
        "ocnli",
        github(
            "CLUEbenchmark/OCNLI",
            "b53efdee17257a5c33993cf6fcf8ffff0497ea0e",
            "data/ocnli/train.10k.json",
            "data/ocnli/train.50k.json",
            "data/ocnli/dev.json",
            to="ocnli",
            strip="data/ocnli/",
        ),
        "CC BY-NC 2.0",
        "https://github.com/CLUEbenchmark/OCNLI",
    ),
    Download(
        "cmnli",
        archive(
            "https://storage.googleapis.com/cluebenchmark/tasks/"
            "cmnli_public.zip",
            Place(r"(?:.*/)?((?:train|dev)\.json)", r"cmnli/cmnli_public/\1"),
        ),
        "?",
        "https://www.cluebenchmarks.com",
    ),
    Download(
        "klue_nli",
        github(
            "KLUE-benchmark/KLUE",
            _KLUE,
            "klue_benchmark/klue-nli-v1.1/klue-nli-v1.1_train.json",
            "klue_benchmark/klue-nli-v1.1/klue-nli-v1.1_dev.json",
            to="klue_nli",
            strip="klue_benchmark/klue-nli-v1.1/",
        ),
        "CC BY-SA 4.0",
        "https://klue-benchmark.com",
    ),
    Download(
        "kornli",
        github(
            "kakaobrain/kor-nlu-datasets",
            "0df0fe7d496eb61b092e022e238c2230b29f1cbc",
            *(
                f"KorNLI/{name}.tsv"
                for name in (
                    "multinli.train.ko",
                    "snli_1.0_train.ko",
                    "xnli.dev.ko",
                    "xnli.test.ko",
                )
            ),
            to="kornli",
            strip="KorNLI/",
        ),
        "CC BY-SA 4.0",
        "https://github.com/kakaobrain/kor-nlu-datasets",
    ),
    Download(
        "jglue",
        github(
            "yahoojapan/JGLUE",
            _JGLUE,
            *(
                f"datasets/{name}-v1.3/{part}-v1.3.json"
                for name in ("jnli", "jcommonsenseqa", "jsquad")
                for part in ("train", "valid")
            ),
            to="jglue",
            strip="datasets/",
        ),
        "CC BY-SA 4.0",
        "https://github.com/yahoojapan/JGLUE",
    ),
    Download(
        "jsick",
        github(
            "verypluming/JSICK",
            "b3034994192fae2f41b5937bcf69544e4282fc39",
            "jsick/train.tsv",
            "jsick/test.tsv",
            to="jsick",
            strip="jsick/",
        ),
        "CC BY-SA 4.0",
        "https://github.com/verypluming/JSICK",
    ),
    Download(
        "jsnli",
        archive(
            "https://nlp.ist.i.kyoto-u.ac.jp/nl-resource/JSNLI/jsnli_1.1.zip",
            Place(r"(jsnli_1\.1/(?:dev|train_w_filtering)\.tsv)", r"jsnli/\1"),
        ),
        "CC BY-SA 4.0",
        "https://nlp.ist.i.kyoto-u.ac.jp/?JSNLI",
    ),
    Download(
        "farstail",
        github(
            "dml-qom/FarsTail",
            "5d6322c40368ea5fab50e406e083e537a7d97817",
            *(f"data/{part}-word.csv" for part in ("Train", "Val", "Test")),
            to="farstail",
            strip="data/",
        ),
        "Apache-2.0",
        "https://github.com/dml-qom/FarsTail",
    ),
    Download(
        "parsinlu_entailment",
        github(
            "persiannlp/parsinlu",
            _PARSINLU,
            *(
                f"data/entailment/{part}.csv"
                for part in ("train", "dev", "test")
            ),
            to="parsinlu_entailment",
            strip="data/entailment/",
        ),
        "CC BY-NC-SA 4.0",
        "https://github.com/persiannlp/parsinlu",
    ),
    Download(
        "indonli",
        github(
            "ir-nlp-csui/indonli",
            "7b55d8217cc8417a8268b2ee6ba07bbfb75a4c8b",
            *(
                f"data/indonli/{part}.jsonl"
                for part in ("train", "val", "test_lay", "test_expert")
            ),
            to="indonli",
            strip="data/indonli/",
        ),
        "CC BY-SA 4.0",
        "https://github.com/ir-nlp-csui/indonli",
    ),
    Download(
        "wrete",
        github(
            "indobenchmark/indonlu",
            "master",
            *(
                f"dataset/wrete_entailment-ui/{part}_preprocess.csv"
                for part in ("train", "valid", "test")
            ),
            to="wrete",
            strip="dataset/wrete_entailment-ui/",
        ),
        "MIT",
        "https://github.com/indobenchmark/indonlu",
    ),
    Download(
        "assin2",
        github(
            "ruanchaves/assin",
            "f8ed74afb10dbc9e588e66c764ca66b002a50fc5",
            "sources/assin2-train-only.xml",
            to="assin2",
            strip="sources/",
        ),
        "MIT",
        "https://sites.google.com/view/assin2",
        # The dev and test sets lie behind the page.
        at=("assin2",),
    ),
    hub("assin", "?", "nilc-nlp/assin", "assin"),
    Download(
        "nli_tr",
        tuple(
            archive(
                "https://tabilab.cmpe.boun.edu.tr/datasets/nli_datasets/"
                f"{name}_1.0.zip",
                Place(r"(?:.*/)?([\w.-]+\.jsonl)", rf"nli_tr/{name}_1.0/\1"),
            )[0]
            for name in ("snli_tr", "multinli_tr")
        ),
        "CC BY, CC BY-SA, MIT and others, by part",
        "https://github.com/boun-tabi/NLI-TR",
    ),
    Download(
        "hindi_nli",
        github(
            "midas-research/hindi-nli-data",
            "bb3ff91b04770516938c24f81c0d20c0359eeb28",
            *(
                f"Textual_Entailment/{name}/{name}_recasted_{part}.tsv"
                for name in ("BBC", "HDA")
                for part in ("train", "dev", "test")
            ),
            to="hindi_nli",
            strip="Textual_Entailment/",
        ),
        "MIT",
        "https://github.com/midas-research/hindi-nli-data",
    ),
    Download(
        "newsph_nli",
        archive(
            "https://s3.us-east-2.amazonaws.com/blaisecruz.com/datasets/"
            "newsph/newsph-nli.zip",
            Place(
                r"(?:.*/)?((?:train|valid|test)\.csv)",
                r"newsph_nli/newsph-nli/\1",
            ),
        ),
        "unknown",
        "https://github.com/jcblaisecruz02/Filipino-Text-Benchmarks",
    ),
    russian("TERRa"),
    russian("RCB"),
    Download(
        "cdsc",
        archive(
            "https://klejbenchmark.com/static/data/klej_cdsc-e.zip",
            Place(r"(?:.*/)?((?:train|dev)\.tsv)", r"cdsc/\1"),
        ),
        "CC BY-NC-SA 4.0",
        "http://zil.ipipan.waw.pl/Scwad/CDSCorpus",
    ),
    Download(
        "americasnli",
        github(
            "abteen/americasnli",
            "bebd02ca1e4529016fca2e4554a5c48c285b8fba",
            "data/anli_final/dev/anli.dev.tsv",
            to="americasnli",
            strip="data/anli_final/dev/",
        ),
        "CC BY-SA 4.0",
        "https://github.com/abteen/americasnli",
    ),
    hub(
        "nli_26lang",
        "by part",
        "MoritzLaurer/multilingual-NLI-26lang-2mil7",
        "nli_26lang",
    ),
)

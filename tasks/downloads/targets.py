"""XTREME's and XTREME-R's own data, and its machine translations."""

from tasks import conversions
from tasks.benchmarks import (
    BUCC_LANGUAGES,
    LAREQA_LANGUAGES,
    PAWSX_LANGUAGES,
    TATOEBA_ISO3,
    TYDIQA_LANGUAGES,
    XCOPA_LANGUAGES,
    XNLI_LANGUAGES,
    XQUAD_LANGUAGES,
)
from tasks.downloads.download import (
    Download,
    Place,
    Resource,
    archive,
    github,
)

_FAIR = "https://dl.fbaipublicfiles.com"
_GOOGLE = "https://storage.googleapis.com"
_TRANSLATIONS = f"{_GOOGLE}/xtreme_translations"
_UD = "https://lindat.mff.cuni.cz/repository/xmlui/bitstream/handle/11234"
_SPLITS = "(train|dev|test)"

TARGETS = (
    Download(
        "xnli",
        archive(
            f"{_FAIR}/XNLI/XNLI-1.0.zip",
            Place(
                r"XNLI-1\.0/xnli\.(dev|test)\.tsv",
                r"xnli/\1",
                conversions.xnli,
            ),
        ),
        "CC BY-NC 4.0",
        "https://github.com/facebookresearch/XNLI",
    ),
    Download(
        "xnli_mt",
        archive(
            f"{_FAIR}/XNLI/XNLI-MT-1.0.zip",
            Place(
                r"XNLI-MT-1\.0/multinli/(multinli\.train\.\w+\.tsv)",
                r"xnli_mt/XNLI-MT-1.0/multinli/\1",
            ),
        ),
        "CC BY-NC 4.0",
        "https://github.com/facebookresearch/XNLI",
    ),
    Download(
        "pawsx",
        archive(
            f"{_GOOGLE}/paws/pawsx/x-final.tar.gz",
            # XTREME's layout where it has the labels, else the official one.
            Place(
                r"x-final/(\w\w)/(dev|train)(?:_2k)?\.tsv",
                r"pawsx/\2-\1.tsv",
                conversions.without_header_and_id,
            ),
            Place(
                r"(x-final/\w\w/(?:translated_train|test_2k)\.tsv)",
                r"pawsx/\1",
            ),
        ),
        "free use with acknowledgement (Google)",
        "https://github.com/google-research-datasets/paws",
    ),
    Download(
        "xcopa",
        github(
            "cambridgeltl/xcopa",
            "e2e9d7f105a758ee869cd13e0fe251ef93a29840",
            *(
                f"data/{code}/{part}.{code}.jsonl"
                for code in XCOPA_LANGUAGES
                for part in ("val", "test")
            ),
            to="xcopa",
        ),
        "CC BY 4.0",
        "https://github.com/cambridgeltl/xcopa",
    ),
    Download(
        "copa",
        archive(
            f"{_FAIR}/glue/superglue/data/v2/COPA.zip",
            Place(r"COPA/(train|val|test)\.jsonl", r"copa_en/\1-en.jsonl"),
        ),
        "BSD 2-clause",
        "https://people.ict.usc.edu/~gordon/copa.html",
    ),
    Download(
        "siqa",
        archive(
            f"{_GOOGLE}/ai2-mosaic/public/socialiqa/socialiqa-train-dev.zip",
            Place(r"(socialiqa-train-dev/(?:train|dev)[\w.-]*)", r"siqa/\1"),
        ),
        "CC BY 4.0",
        "https://leaderboard.allenai.org/socialiqa",
    ),
    Download(
        "ud",
        archive(
            f"{_UD}/1-3105/ud-treebanks-v2.5.tgz",
            Place(
                r"ud-treebanks-v2\.5/(UD_[\w-]+/[\w-]+\.conllu)",
                r"ud-treebanks-v2.5/\1",
            ),
        )
        + archive(
            f"{_UD}/1-3424/ud-treebanks-v2.7.tgz",
            Place(
                r"ud-treebanks-v2\.7/(UD_[\w-]+/[\w-]+\.conllu)",
                r"ud-treebanks-v2.7/\1",
            ),
        ),
        "one for each treebank: see its README",
        "https://universaldependencies.org",
    ),
    Download(
        "panx",
        archive(
            "https://s3.amazonaws.com/datasets.huggingface.co/wikiann/1.1.0/"
            "panx_dataset.zip",
            Place(
                rf"(?:panx_dataset/)?([\w-]+)\.tar\.gz!(?:\./)?{_SPLITS}",
                r"panx_dataset/\1/\2",
            ),
        ),
        "none stated",
        "https://github.com/afshinrahimi/mmner",
    ),
    Download(
        "xquad",
        github(
            "google-deepmind/xquad",
            "7d30520c717524000f0d9d2f9c10a069acd9d285",
            *(f"xquad.{code}.json" for code in XQUAD_LANGUAGES),
            to="xquad",
        ),
        "CC BY-SA 4.0",
        "https://github.com/google-deepmind/xquad",
    ),
    Download(
        "mlqa",
        archive(
            f"{_FAIR}/MLQA/MLQA_V1.zip",
            Place(r"(MLQA_V1/(?:dev|test)/[\w-]+\.json)", r"mlqa/\1"),
        ),
        "CC BY-SA 3.0",
        "https://github.com/facebookresearch/MLQA",
    ),
    Download(
        "tydiqa",
        (
            Resource(
                f"{_GOOGLE}/tydiqa/v1.1/tydiqa-goldp-v1.1-train.json",
                "tydiqa/tydiqa-goldp-v1.1-train",
                convert=conversions.tydiqa,
            ),
            *archive(
                f"{_GOOGLE}/tydiqa/v1.1/tydiqa-goldp-v1.1-dev.tgz",
                Place(
                    r"tydiqa-goldp-v1\.1-dev/[\w.-]+\.json",
                    "tydiqa/tydiqa-goldp-v1.1-dev",
                    conversions.tydiqa,
                ),
            ),
        ),
        "Apache-2.0",
        "https://github.com/google-research-datasets/tydiqa",
    ),
    Download(
        "tatoeba",
        github(
            "facebookresearch/LASER",
            "74bc6ae7ffb7cba670fe0f428d0ede9f666fb821",
            *(
                f"data/tatoeba/v1/tatoeba.{code}-eng.{side}"
                for code in TATOEBA_ISO3.values()
                for side in (code, "eng")
            ),
            to="tatoeba",
            strip="data/tatoeba/",
        ),
        "CC BY 2.0 FR",
        "https://github.com/facebookresearch/LASER",
    ),
    Download(
        "bucc",
        tuple(
            Resource(
                "https://comparable.limsi.fr/bucc2018/"
                f"bucc2018-{code}-en.{part}-gold.tar.bz2",
                places=(
                    Place(
                        rf"(bucc2018/{code}-en/{code}-en\.{part}\.\w+)",
                        r"bucc/\1",
                    ),
                ),
            )
            for code in BUCC_LANGUAGES
            for part in ("sample", "training")
        ),
        "research only; see the page",
        "https://comparable.limsi.fr/bucc2018",
    ),
    Download(
        "mewslix",
        archive(
            f"{_GOOGLE}/gresearch/mewsli/mewsli-x_20220518_6.zip",
            Place(
                r"(?:.*/)?((?:candidate_set_entities|wikipedia_pairs-train|"
                r"wikipedia_pairs-dev|wikinews_mentions_no_text-dev|"
                r"wikinews_mentions_no_text-test)\.jsonl)",
                r"mewslix/\1",
            ),
        ),
        "Apache-2.0; texts CC BY-SA 3.0 and CC BY 2.5",
        "https://github.com/google-research/google-research/tree/master/"
        "dense_representations_for_entity_retrieval/mel",
        then="The mentions in WikiNews come without their texts. Run "
        "get-mewsli-x.sh of its page, and put wikinews_mentions-dev.jsonl and "
        "wikinews_mentions-test.jsonl at mewslix/.",
        at=("mewslix/wikinews_mentions-",),
    ),
    Download(
        "lareqa",
        github(
            "google-research-datasets/lareqa",
            "9bc8c7fb6dd8d01d72a05a93c2cb96882b0d299c",
            *(f"xquad-r/{code}.json" for code in LAREQA_LANGUAGES),
            to="lareqa",
        ),
        "CC BY-SA 4.0",
        "https://github.com/google-research-datasets/lareqa",
    ),
    Download(
        "translated_squad",
        tuple(
            Resource(
                f"{_TRANSLATIONS}/SQuAD/translate-{part}/"
                f"squad.translate.{part}.en-{code}.json",
                f"xtreme_translations/SQuAD/translate-{part}/squad.translate.{part}.en-{code}.json",
            )
            for code in XQUAD_LANGUAGES
            if code not in ("en", "ro")
            for part in ("train", "dev")
        ),
        "CC BY-SA 4.0 (SQuAD)",
        "https://github.com/google-research/xtreme",
    ),
    Download(
        "translated_pawsx",
        tuple(
            Resource(
                f"{_TRANSLATIONS}/PAWSX/translate-train/"
                f"en-{code}-translated.tsv",
                f"xtreme_translations/PAWSX/translate-train/"
                f"en-{code}-translated.tsv",
            )
            for code in PAWSX_LANGUAGES
            if code != "en"
        ),
        "free use with acknowledgement (Google)",
        "https://github.com/google-research/xtreme",
    ),
    Download(
        "translated_tydiqa",
        tuple(
            Resource(
                f"{_TRANSLATIONS}/TyDiQA-GoldP/translate-train/"
                f"tydiqa.translate.train.en-{code}.json",
                "xtreme_translations/TyDiQA-GoldP/translate-train/"
                f"tydiqa.translate.train.en-{code}.json",
            )
            for code in TYDIQA_LANGUAGES
            if code != "en"
        ),
        "Apache-2.0",
        "https://github.com/google-research/xtreme",
    ),
    Download(
        "translated_xnli",
        tuple(
            Resource(
                f"{_TRANSLATIONS}/XNLI/translate-train/"
                f"en-{code}-translated.tsv",
                f"xtreme_translations/XNLI/translate-train/"
                f"en-{code}-translated.tsv",
            )
            for code in XNLI_LANGUAGES
            if code != "en"
        ),
        "CC BY-NC 4.0",
        "https://github.com/google-research/xtreme",
    ),
)

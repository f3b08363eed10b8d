"""English data: the intermediate tasks of Phang et al. (2020) and others."""

from tasks.downloads.download import (
    Download,
    Place,
    archive,
    by_hand,
    files,
    github,
)

_FAIR = "https://dl.fbaipublicfiles.com"

ENGLISH = (
    Download(
        "snli_parallel",
        github(
            "OanaMariaCamburu/e-SNLI",
            "7b585a3f077fdea899780eb0473940522ae44a2e",
            *(
                f"dataset/eSNLI/{side}.{part}"
                for side in ("s1", "s2", "labels")
                for part in ("dev", "test")
            ),
            to="snli_parallel",
            strip="dataset/eSNLI/",
        ),
        "CC BY-SA 4.0",
        "https://nlp.stanford.edu/projects/snli/",
    ),
    Download(
        "snli",
        archive(
            "https://nlp.stanford.edu/projects/snli/snli_1.0.zip",
            Place(
                r"(snli_1\.0/snli_1\.0_(?:train|dev|test)\.jsonl)", r"snli/\1"
            ),
        ),
        "CC BY-SA 4.0",
        "https://nlp.stanford.edu/projects/snli/",
    ),
    Download(
        "mnli",
        archive(
            "https://cims.nyu.edu/~sbowman/multinli/multinli_1.0.zip",
            Place(r"(multinli_1\.0/multinli_1\.0_\w+\.jsonl)", r"mnli/\1"),
        ),
        "OANC and others: see its page",
        "https://cims.nyu.edu/~sbowman/multinli/",
    ),
    Download(
        "anli",
        archive(
            f"{_FAIR}/anli/anli_v0.1.zip",
            Place(r"(anli_v0\.1/R[123]/(?:train|dev|test)\.jsonl)", r"anli/\1"),
        ),
        "CC BY-NC 4.0",
        "https://github.com/facebookresearch/anli",
    ),
    Download(
        "conjnli",
        github(
            "swarnaHub/ConjNLI",
            "10e0515c0d1777651b5084d9cca4664ead8162a4",
            "data/NLI/adversarial_train_15k.tsv",
            "data/NLI/conj_dev.tsv",
            to="conjnli",
            strip="data/NLI/",
        ),
        "MIT",
        "https://github.com/swarnaHub/ConjNLI",
    ),
    Download(
        "qqp",
        archive(
            f"{_FAIR}/glue/data/QQP.zip",
            Place(r"(QQP/(?:train|dev)\.tsv)", r"qqp/\1"),
        ),
        "Quora's terms of service: no commercial use",
        "https://gluebenchmark.com/tasks",
    ),
    Download(
        "squad",
        files(
            "https://rajpurkar.github.io/SQuAD-explorer/dataset",
            *(
                f"{part}-v{version}.json"
                for version in ("1.1", "2.0")
                for part in ("train", "dev")
            ),
            to="squad",
        ),
        "CC BY-SA 4.0",
        "https://rajpurkar.github.io/SQuAD-explorer/",
    ),
    Download(
        "hellaswag",
        github(
            "rowanz/hellaswag",
            "master",
            "data/hellaswag_train.jsonl",
            "data/hellaswag_val.jsonl",
            to="hellaswag",
            strip="data/",
        ),
        "MIT",
        "https://rowanzellers.com/hellaswag/",
    ),
    Download(
        "cosmosqa",
        github(
            "wilburOne/cosmosqa",
            "b6eb99cca4e2a51dd28a9a6f562534872d851639",
            "data/train.csv",
            "data/valid.csv",
            to="cosmosqa",
            strip="data/",
        ),
        "CC BY 4.0",
        "https://wilburone.github.io/cosmos/",
    ),
    Download(
        "commonsenseqa",
        files(
            "https://s3.amazonaws.com/commensenseqa",
            "train_rand_split.jsonl",
            "dev_rand_split.jsonl",
            to="commonsenseqa",
        ),
        "MIT",
        "https://www.tau-nlp.org/commonsenseqa",
    ),
    by_hand(
        "ccg",
        "LDC User Agreement",
        "https://catalog.ldc.upenn.edu/LDC2005T13",
        "CCGbank is licensed. Get LDC2005T13, write one word, a tab and its "
        "supertag a line with a blank line after each sentence (train: "
        "sections 02-21, dev: section 00) and put them at ccg/train.tsv and "
        "ccg/dev.tsv.",
    ),
)

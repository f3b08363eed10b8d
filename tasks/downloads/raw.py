"""Plain text to pretrain on, and smaller sets from repositories."""

from tasks.downloads.download import Download, by_hand, github
from tasks.language_modeling import NTREX

_MASAKHANER = "ba5843cd08aa491d5f96a5e809e71eb9ec461391"
_SHIFTS = "b7cc4d50af791c36c49417fb94dd739d6a9e7bef"

RAW = (
    by_hand(
        "samples",
        "as the whole sets",
        "https://github.com/rowanz/hellaswag",
        "hellaswag_part.en and squad2_normans.en read parts of HellaSwag's "
        "validation set and of SQuAD 2.0, for want of the whole files; fetch "
        "hellaswag and squad instead.",
        "hellaswag/hellaswag_val.",
        "squad/v2.0-fixture.json",
    ),
    by_hand(
        "ud_present",
        "one for each treebank: see its README",
        "https://github.com/UniversalDependencies",
        "Clone the treebanks that you want into ud/. XTREME's releases are the "
        "download ud.",
        "ud/UD_",
    ),
    Download(
        "ntrex",
        github(
            "MicrosoftTranslator/NTREX",
            "8561f6a622db9edad1217683e5c83daefd8bb2bf",
            *(
                f"NTREX-128/{path.rsplit('/', 1)[-1]}"
                for path in NTREX.values()
            ),
            to="raw/ntrex128",
            strip="NTREX-128/",
        ),
        "CC BY-SA 4.0",
        "https://github.com/MicrosoftTranslator/NTREX",
    ),
    by_hand(
        "commonvoice",
        "CC0",
        "https://github.com/common-voice/common-voice",
        "The text rows read samples of Common Voice's sentences whose lines are "
        "counted. For the whole of them describe a dataset of your own in "
        "tasks.yaml, with the format text.",
        "raw/commonvoice",
    ),
)

SMALL = (
    Download(
        "multichecklist",
        github(
            "google-research/xtreme",
            "838c13b69daafb9328785d16caae2711e4012123",
            "multichecklist/checklist_templates.tsv",
            to="multichecklist",
            strip="multichecklist/",
        ),
        "Apache-2.0",
        "https://github.com/google-research/xtreme",
    ),
    Download(
        "esxnli",
        github(
            "artetxem/esxnli",
            "b03a5a4d4db700deaa7dd6cf5d4d2d179696905c",
            "esxnli.tsv",
            to="esxnli",
        ),
        "none stated",
        "https://github.com/artetxem/esxnli",
    ),
    Download(
        "sick",
        github(
            "brmson/dataset-sts",
            "e1d3375f5b3bc24f21aa4e46f96eb379e9fc1081",
            *(
                f"data/sts/sick2014/SICK_{part}.txt"
                for part in ("train", "trial", "test_annotated")
            ),
            to="sick",
            strip="data/sts/sick2014/",
        ),
        "CC BY-NC-SA 3.0",
        "https://marcobaroni.org/composes/sick.html",
    ),
    Download(
        "cad_nli",
        github(
            "acmi-lab/counterfactually-augmented-data",
            "6f232a1d2a11462a30ce08fb4825b734ab30828e",
            *(
                f"NLI/all_combined/{part}.tsv"
                for part in ("train", "dev", "test")
            ),
            to="cad_nli",
            strip="NLI/all_combined/",
        ),
        "Apache-2.0",
        "https://github.com/acmi-lab/counterfactually-augmented-data",
    ),
    Download(
        "breaking_nli",
        github(
            "BIU-NLP/Breaking_NLI",
            "8a7658c1ce6b732f4e8af3b06560f1a13b8b18b0",
            "breaking_nli_dataset.zip",
            to="breaking_nli",
        ),
        "CC BY-SA 4.0",
        "https://github.com/BIU-NLP/Breaking_NLI",
    ),
    Download(
        "med",
        github(
            "verypluming/MED",
            "860ba36ce95ecba9f1ebe348d3d8cf1b3cba435a",
            "MED.tsv",
            to="med",
        ),
        "CC BY-SA 4.0",
        "https://github.com/verypluming/MED",
    ),
    Download(
        "codah",
        github(
            "Websail-NU/CODAH",
            "acf7ffa4041ade86c6f7dd2f92fb08c957350280",
            "data/full_data.tsv",
            to="codah",
            strip="data/",
        ),
        "ODC-BY",
        "https://github.com/Websail-NU/CODAH",
    ),
    Download(
        "qamr",
        github(
            "uwnlp/qamr",
            "956b0eb2d5857f4aafa1af257ba06fa6cb683b99",
            *(f"data/filtered/{part}.tsv" for part in ("train", "dev", "test")),
            "data/wiki-sentences.tsv",
            to="qamr",
            strip="data/",
        ),
        "MIT",
        "https://github.com/uwnlp/qamr",
    ),
    Download(
        "squadshifts",
        github(
            "modestyachts/squadshifts-website",
            _SHIFTS,
            *(
                f"datasets/{name}_v1.0.json"
                for name in ("new_wiki", "nyt", "reddit", "amazon_reviews")
            ),
            to="squadshifts",
            strip="datasets/",
        ),
        "none stated",
        "https://modestyachts.github.io/squadshifts-website/",
    ),
    Download(
        "masakhaner",
        github(
            "masakhane-io/masakhane-ner",
            _MASAKHANER,
            *(
                f"data/{name}/{part}.txt"
                for name in ("swa", "wol", "yor")
                for part in ("train", "dev", "test")
            ),
            to="masakhaner",
        ),
        "CC BY-NC 4.0",
        "https://github.com/masakhane-io/masakhane-ner",
    ),
)

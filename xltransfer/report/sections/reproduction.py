"""How to run it again and what to cite."""

import shlex
from collections.abc import Iterator, Mapping

from xltransfer.report.contents import Contents
from xltransfer.report.document import (
    Block,
    Fold,
    Listing,
    Section,
    Table,
    Text,
)
from xltransfer.report.study_folder import StudyFolder


def section(contents: Contents) -> Section:
    """Returns the section: command, software, data, citations."""
    folder = contents.folder
    blocks: list[Block] = [
        Text("The study was started by"),
        Listing(shlex.join(folder.description["command"])),
        Text(
            "config.gin in its folder is the whole configuration, with every "
            "override; given to xltransfer run in its place, it runs the same "
            "phases, whose names are hashes of what they trained on and how."
        ),
        Fold("config.gin", [Listing(folder.gin)]),
        _software(folder),
        _data(folder),
        Text("To cite:"),
        Listing(_citations(folder)),
    ]
    return Section("reproduction", "Cite and reproduce", blocks)


def _software(folder: StudyFolder) -> Table:
    found: dict[tuple[str, str], int] = {}
    done = [x.environment for x in folder.phases.values() if x.environment]
    for environment in done:
        for pair in _versions(environment):
            found[pair] = found.get(pair, 0) + 1
    return Table(
        "software",
        "Software and devices, from the record of each phase.",
        ("what", "value", "phases"),
        [[name, value, str(count)] for (name, value), count in found.items()],
    )


def _versions(environment: Mapping) -> Iterator[tuple[str, str]]:
    yield "commit of xltransfer", str(environment["commit"])
    yield "Python", environment["python"]
    yield from environment["packages"].items()
    yield (
        "devices",
        f"{environment['devices']} × {environment['device_kind']} "
        f"({environment['platform']}), {environment['hosts']} hosts",
    )
    mesh = environment["mesh"].items()
    yield "mesh", ", ".join(f"{name} {size}" for name, size in mesh)


def _data(folder: StudyFolder) -> Table:
    rows: dict[tuple[str, str, str], None] = {}
    for phase in folder.phases.values():
        for kind in ("components", "validation"):
            for part in phase.configuration.get(kind, ()):
                key = (part["dataset"], part["split"], part["source"])
                rows[key] = None
    for row in folder.results:
        name = f"{row['target']}: {row['language']}"
        rows[name, row["split"], row["data_digest"]] = None
    return Table(
        "data",
        "Data: SHA-256 of the source files of every dataset that was trained "
        "on or (by target) evaluated on.",
        ("dataset", "split", "digest"),
        [[name, split, digest] for name, split, digest in rows],
        searched=True,
        long=True,
    )


def _citations(folder: StudyFolder) -> str:
    commits = sorted(
        {
            str(one.environment["commit"])
            for one in folder.phases.values()
            if one.environment
        }
    )
    version = ", ".join(commits) or "unknown"
    names = dict.fromkeys(one.partition(",")[0] for one in folder.models)
    models = [_MODELS[name] for name in names if name in _MODELS]
    return "\n".join([_SOFTWARE % version, _QUESTION, _BENCHMARK, *models])


_SOFTWARE = """\
@software{xltransfer,
  title   = {xltransfer: zero-shot cross-lingual transfer with intermediate
             tasks in any language},
  version = {commit %s},
}"""
_QUESTION = """\
@inproceedings{phang-etal-2020-english,
  title     = {English Intermediate-Task Training Improves Zero-Shot
               Cross-Lingual Transfer Too},
  author    = {Phang, Jason and Calixto, Iacer and Htut, Phu Mon and Pruksachatkun,
               Yada and Liu, Haokun and Vania, Clara and Kann, Katharina and
               Bowman, Samuel R.},
  booktitle = {Proceedings of AACL-IJCNLP},
  year      = {2020},
}"""
_BENCHMARK = """\
@inproceedings{ruder-etal-2021-xtreme,
  title     = {{XTREME-R}: Towards More Challenging and Nuanced Multilingual
               Evaluation},
  author    = {Ruder, Sebastian and Constant, Noah and Botha, Jan and Siddhant,
               Aditya and Firat, Orhan and Fu, Jinlan and Liu, Pengfei and Hu,
               Junjie and Garrette, Dan and Neubig, Graham and Johnson, Melvin},
  booktitle = {Proceedings of EMNLP},
  year      = {2021},
}"""
_MODELS = {
    "XLMR": """\
@inproceedings{conneau-etal-2020-unsupervised,
  title     = {Unsupervised Cross-lingual Representation Learning at Scale},
  author    = {Conneau, Alexis and Khandelwal, Kartikay and Goyal, Naman and
               Chaudhary, Vishrav and Wenzek, Guillaume and Guzm{\\'a}n, Francisco
               and Grave, Edouard and Ott, Myle and Zettlemoyer, Luke and
               Stoyanov, Veselin},
  booktitle = {Proceedings of ACL},
  year      = {2020},
}""",
    "MT5": """\
@inproceedings{xue-etal-2021-mt5,
  title     = {{mT5}: A Massively Multilingual Pre-trained Text-to-Text
               Transformer},
  author    = {Xue, Linting and Constant, Noah and Roberts, Adam and Kale, Mihir
               and Al-Rfou, Rami and Siddhant, Aditya and Barua, Aditya and
               Raffel, Colin},
  booktitle = {Proceedings of NAACL-HLT},
  year      = {2021},
}""",
}

"""Downloads into a folder, from a server on the loopback."""

import hashlib
import io
import json
import tarfile
import zipfile

import pytest
from server import Server

from tasks import downloads
from tasks.downloads import DOWNLOADS, Download, Place, Resource
from tasks.fetching import Fetcher
from tasks.installing import Installer
from tasks.unpacking import Limits
from xltransfer.errors import InputError

HOST = "https://data.example"


def zip_of(files: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def server():
    """Stands in for every host: see `Fetcher.mirror`."""
    with Server({}).running() as server:
        yield server


@pytest.fixture
def install(server, tmp_path):
    """Installs a download and returns all files of the folder by place."""

    def install(download: Download, **options) -> dict[str, bytes]:
        fetcher = Fetcher(server.address, wait=lambda _: None)
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        tell: list[str] = []
        installer = Installer(folder, fetcher, tell.append, **options)
        try:
            installer.install(download)
        finally:
            assert not list(folder.glob(".downloads.json*"))
        assert not (folder / ".downloads").exists()
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    return install


TOY = Download(
    "toy",
    (
        Resource(f"{HOST}/a.zip", places=(Place(r"a/(\w+)\.txt", r"toy/\1"),)),
        Resource(f"{HOST}/b.txt", "toy/b"),
    ),
)


def test_members_go_to_their_places_and_digests_are_recorded(server, install):
    archive = zip_of({"a/x.txt": "X", "a/y.txt": "Y", "a/other.md": "?"})
    server.files |= {
        "/data.example/a.zip": archive,
        "/data.example/b.txt": b"B",
    }
    found = install(TOY)
    record = json.loads(found.pop("downloads.json"))
    assert found == {"toy/x": b"X", "toy/y": b"Y", "toy/b": b"B"}
    assert record[f"{HOST}/a.zip"] == {
        "digest": f"sha256:{hashlib.sha256(archive).hexdigest()}",
        "files": ["toy/x", "toy/y"],
    }
    assert len(install(TOY)) == 4
    assert len(server.asked) == 2, "nothing is fetched twice"


def test_another_file_at_a_recorded_address_is_refused(
    server, install, tmp_path
):
    server.files |= {
        "/data.example/a.zip": zip_of({"a/x.txt": "X"}),
        "/data.example/b.txt": b"B",
    }
    install(TOY)
    (tmp_path / "data" / "toy" / "x").unlink()
    server.files["/data.example/a.zip"] = zip_of({"a/x.txt": "changed"})
    with pytest.raises(InputError, match="another version"):
        install(TOY)
    assert not (tmp_path / "data" / "toy" / "x").exists()


def test_files_that_are_there_stay_as_they_are(server, install, tmp_path):
    server.files |= {
        "/data.example/a.zip": zip_of({"a/x.txt": "X", "a/y.txt": "Y"}),
        "/data.example/b.txt": b"B",
    }
    mine = tmp_path / "data" / "toy" / "x"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    found = install(TOY)
    assert (found["toy/x"], found["toy/y"]) == (b"mine", b"Y")


def test_an_archive_without_the_members_leaves_nothing(
    server, install, tmp_path
):
    server.files["/data.example/a.zip"] = zip_of({"b/x.txt": "X"})
    with pytest.raises(InputError, match="Is it another version"):
        install(TOY)
    assert not (tmp_path / "data" / "toy").exists()


def test_a_hostile_member_after_good_ones_leaves_nothing(
    server, install, tmp_path
):
    content = zip_of({"a/x.txt": "X", "../../evil": "E"})
    server.files["/data.example/a.zip"] = content
    with pytest.raises(InputError, match="no path inside a folder"):
        install(TOY)
    assert not (tmp_path / "data" / "toy").exists()
    assert not list(tmp_path.rglob("evil"))


def test_archives_in_archives_count_together(server, install):
    inner = tar_of({"train": b"en:a\tO\n" * 100_000})
    server.files[
        "/s3.amazonaws.com/datasets.huggingface.co/wikiann/1.1.0/"
        "panx_dataset.zip"
    ] = zip_of({f"panx_dataset/{code}.tar.gz": inner for code in ("en", "de")})
    with pytest.raises(InputError, match="far more than a data set"):
        install(DOWNLOADS["panx"], limits=lambda: Limits(size=1_000_000))


def test_a_dropped_connection_is_taken_up_by_the_next_run(
    server, install, tmp_path
):
    content = zip_of({"a/x.txt": "X" * 300_000})
    server.files |= {
        "/data.example/a.zip": content,
        "/data.example/b.txt": b"B",
    }
    server.drops = [200_000, 0, 0, 0, 0, 0]
    with pytest.raises(InputError, match="the same command goes on"):
        install(TOY)
    server.drops.clear()
    assert install(TOY)["toy/x"] == b"X" * 300_000
    assert server.asked[-2][1] == "bytes=196608-"


def test_what_cannot_be_fetched_says_what_to_do(install):
    with pytest.raises(InputError, match="LDC2005T13"):
        install(DOWNLOADS["ccg"])


def serve(server: Server, monkeypatch, name: str, *contents: bytes) -> Download:
    """Serves a real entry's addresses with small content of its own."""
    found = DOWNLOADS[name]
    for resource, content in zip(found.resources, contents, strict=True):
        path = resource.address.removeprefix("https:/")
        server.files[path] = content
    monkeypatch.setattr(downloads, "digest", lambda address: None)
    return found


def test_xnli_is_cut_into_languages_and_gold(server, install, monkeypatch):
    # The columns of XNLI-1.0, whose 2,490 and 5,010 pairs go language by
    # language.
    header = "language\tgold_label\tsentence1_binary_parse\tsentence1\t"
    header += "sentence2\tgenre\n"
    rows = "".join(
        f"{code}\t{label}\t\t{code} {label} \th\tfiction\n"
        for code in ("en", "sw")
        for label in ("neutral", "entailment")
    )
    archive = zip_of(
        {
            "XNLI-1.0/xnli.dev.tsv": header + rows,
            "XNLI-1.0/xnli.test.tsv": header + rows,
            "__MACOSX/XNLI-1.0/._xnli.dev.tsv": "?",
        }
    )
    found = install(serve(server, monkeypatch, "xnli", archive))
    found.pop("downloads.json")
    assert found == {
        "xnli/dev-en.tsv": b"en neutral\th\tneutral\n"
        b"en entailment\th\tentailment\n",
        "xnli/dev-sw.tsv": b"sw neutral\th\tneutral\n"
        b"sw entailment\th\tentailment\n",
        "xnli/test-en.tsv": b"en neutral\th\nen entailment\th\n",
        "xnli/test-sw.tsv": b"sw neutral\th\nsw entailment\th\n",
        "xnli/test.gold.tsv": b"label\tgenre\nneutral\tfiction\n"
        b"entailment\tfiction\n",
    }


def test_pawsx_dev_sets_lose_header_and_id(server, install, monkeypatch):
    table = b"id\tsentence1\tsentence2\tlabel\n7\ta\tb\t1\n"
    names = ("de/dev_2k", "de/test_2k", "de/translated_train")
    archive = tar_of({f"x-final/{name}.tsv": table for name in names})
    found = install(serve(server, monkeypatch, "pawsx", archive))
    found.pop("downloads.json")
    assert found == {
        "pawsx/dev-de.tsv": b"a\tb\t1\n",
        "pawsx/x-final/de/test_2k.tsv": table,
        "pawsx/x-final/de/translated_train.tsv": table,
    }


def test_archives_in_archives_are_unpacked(server, install, monkeypatch):
    content = b"en:a:b\tB-PER\nen:c\tO\n"
    archive = zip_of({"panx_dataset/en.tar.gz": tar_of({"dev": content})})
    found = install(serve(server, monkeypatch, "panx", archive))
    assert found["panx_dataset/en/dev"] == content


def test_tydiqa_is_cut_into_languages(server, install, monkeypatch):
    question = {"question": "?", "answers": [{"text": "a", "answer_start": 0}]}
    train = {
        "version": "1.1",
        "data": [
            {
                "paragraphs": [
                    {"context": "a", "qas": [question | {"id": identity}]}
                ]
            }
            for identity in ("english-1-0", "swahili-2-0", "english-3-0")
        ],
    }
    content = json.dumps(train).encode()
    dev = tar_of(
        {
            "tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-korean.json": (
                content.replace(b"english", b"korean").replace(
                    b"swahili", b"korean"
                )
            )
        }
    )
    found = install(serve(server, monkeypatch, "tydiqa", content, dev))
    place = "tydiqa/tydiqa-goldp-v1.1-{0}/tydiqa.goldp.{1}.{0}.json"
    english = json.loads(found[place.format("train", "en")])
    ids = [one["paragraphs"][0]["qas"][0]["id"] for one in english["data"]]
    assert ids == ["english-1-0", "english-3-0"]
    assert len(json.loads(found[place.format("dev", "ko")])["data"]) == 3
    assert place.format("train", "sw") in found

import pytest

from tasks import downloads


def test_what_can_be_fetched_is_listed_with_its_licence(run):
    out = run("data", "download", "--list")
    for name in ("xnli", "panx", "ocnli", "ccg"):
        assert name in out
    assert "by hand" in out and "CC BY-NC 4.0" in out


def test_a_dry_run_tells_addresses_and_places(run, tmp_path):
    out = run("data", "download", "xcopa", "--dry-run", "--data-dir", tmp_path)
    assert "cambridgeltl/xcopa" in out and "xcopa/data/qu/val.qu.jsonl" in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("xnly",), "Did you mean 'xnli'"),
        ((), "--list"),
        (("xnli",), "XLTRANSFER_DATA_DIR"),
        (("fquad", "--data-dir", "new"), "given out through a form"),
    ],
)
def test_mistakes_end_in_a_message(
    run, monkeypatch, tmp_path, arguments, message
):
    monkeypatch.chdir(tmp_path)
    assert message in run("data", "download", *arguments, code=2)


def test_a_mirror_serves_what_is_fetched(
    run, tmp_path, monkeypatch, data_server
):
    monkeypatch.setattr(downloads, "digest", lambda address: None)
    found = downloads.DOWNLOADS["conjnli"]
    for resource in found.resources:
        path = resource.address.removeprefix("https:/")
        data_server.files[path] = b"Premise\tHypothesis\tLabel\n"
    folder = tmp_path / "data"
    arguments = ("data", "download", "conjnli", "--data-dir", folder)
    out = run(*arguments, "--mirror", data_server.address)
    assert "licence MIT" in out
    assert (folder / "conjnli" / "conj_dev.tsv").is_file()
    assert "has https://" in run(*arguments, "--mirror", data_server.address)
